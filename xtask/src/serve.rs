//! The development server: static files with the headers that a deployment should send.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use notify::{RecursiveMode, Watcher};
use tokio::net::TcpListener;
use tower_http::services::ServeDir;

use crate::build;
use crate::shell::{command, path, say};

/// Only what comes from here; WebAssembly may be compiled, nothing may be evaluated.
/// The page sets its styles through style objects and sheets, so inline ones are not allowed.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    worker-src 'self' blob:; img-src 'self' blob: data:; style-src 'self'; \
    connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

/// Builds, serves on localhost and stays.
pub fn run(port: u16, open: bool, watch: bool) -> Result<()> {
    // Before the build, which can take minutes: a port that is taken is told at once.
    let runtime = tokio::runtime::Runtime::new()?;
    let (listeners, address) = runtime.block_on(listen(port))?;
    build::run()?;
    say(format!("the lab is at {address} (stop with Ctrl+C)"));
    if open {
        open_page(&address);
    }
    if watch {
        std::thread::spawn(|| {
            if let Err(error) = rebuild_on_change() {
                eprintln!("xtask: watching stopped: {error:#}");
            }
        });
    }
    runtime.block_on(answer(listeners, path("www/dist")))
}

/// Serves a folder on a free port until the guard is dropped; gives its address.
pub fn in_background(folder: &Path) -> Result<(tokio::runtime::Runtime, String)> {
    let runtime = tokio::runtime::Runtime::new()?;
    let (listeners, address) = runtime.block_on(listen(0))?;
    runtime.spawn(answer(listeners, folder.to_owned()));
    Ok((runtime, address))
}

/// Listens on this machine only, and gives the address. Browsers try both of localhost's
/// addresses, so a program that holds either one would be seen in place of the lab.
async fn listen(port: u16) -> Result<(Vec<TcpListener>, String)> {
    let mut port = port;
    let mut listeners = Vec::new();
    for address in [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)] {
        match TcpListener::bind((address, port)).await {
            Ok(listener) => {
                // Port 0 asks for any free one; the second address takes the same.
                port = listener.local_addr()?.port();
                listeners.push(listener);
            }
            Err(error) if error.kind() == ErrorKind::AddrInUse => bail!(
                "port {port} is taken by another program; choose another one, for example \
                 --port {}",
                if port < u16::MAX { port + 1 } else { 8080 }
            ),
            // Not every machine has IPv6.
            Err(_) if address.is_ipv6() => (),
            Err(error) => {
                return Err(error).with_context(|| {
                    format!("port {port} cannot be opened; choose another one with --port")
                });
            }
        }
    }
    Ok((listeners, format!("http://localhost:{port}")))
}

/// Serves a folder on all listeners, for ever.
async fn answer(listeners: Vec<TcpListener>, folder: PathBuf) -> Result<()> {
    let mut servers = tokio::task::JoinSet::new();
    for listener in listeners {
        let site = site(&folder);
        servers.spawn(async { axum::serve(listener, site).await });
    }
    while let Some(server) = servers.join_next().await {
        server??;
    }
    Ok(())
}

/// The static site of a folder.
fn site(folder: &Path) -> Router {
    let files = ServeDir::new(folder).precompressed_br().precompressed_gzip();
    Router::new().fallback_service(files).layer(middleware::from_fn(add_headers))
}

async fn add_headers(request: Request, next: Next) -> Response {
    let cache = if is_hashed(request.uri().path()) {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let mut response = next.run(request).await;
    let cache = if response.status().is_success() { cache } else { "no-cache" };
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CACHE_CONTROL.as_str(), cache),
        (header::CONTENT_SECURITY_POLICY.as_str(), POLICY),
        (header::X_CONTENT_TYPE_OPTIONS.as_str(), "nosniff"),
        (header::REFERRER_POLICY.as_str(), "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-embedder-policy", "require-corp"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        headers.insert(name_of(name), HeaderValue::from_static(value));
    }
    response
}

fn name_of(name: &str) -> header::HeaderName {
    header::HeaderName::from_bytes(name.as_bytes()).unwrap_or(header::X_CONTENT_TYPE_OPTIONS)
}

/// Whether a file's name changes with its contents.
fn is_hashed(path: &str) -> bool {
    let keeps_its_name = path.ends_with("manifest.json") || path.contains("/data/bases/");
    path.contains("/assets/") || (path.contains("/data/") && !keeps_its_name)
}

fn open_page(address: &str) {
    let program = if cfg!(target_os = "macos") { "open" } else { "xdg-open" };
    if command(program).arg(address).spawn().is_err() {
        say(format!("no browser could be opened; go to {address}"));
    }
}

/// Rebuilds what changed, once the changes have settled.
fn rebuild_on_change() -> Result<()> {
    let (sender, changes) = mpsc::channel();
    let mut watcher = notify::recommended_watcher(sender)?;
    for folder in ["src", "www/src", "www/public"] {
        watcher.watch(&path(folder), RecursiveMode::Recursive)?;
    }
    // The folder, not index.html: editors put a new file in its place.
    watcher.watch(&path("www"), RecursiveMode::NonRecursive)?;
    say("watching src and www; reload the page after a rebuild");
    while let Ok(change) = changes.recv() {
        let Ok(event) = change else { continue };
        if matches!(event.kind, notify::EventKind::Access(_)) {
            continue;
        }
        while changes.recv_timeout(Duration::from_millis(200)).is_ok() {}
        match build::wasm().and_then(|()| build::site()) {
            Ok(()) => say("rebuilt"),
            Err(error) => eprintln!("xtask: {error:#}"),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;
    use axum::http::StatusCode;
    use tower::ServiceExt;

    #[test]
    fn types_and_headers() {
        let folder = std::env::temp_dir().join(format!("xtask-serve-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("assets")).unwrap();
        std::fs::create_dir_all(folder.join("data/mnist")).unwrap();
        std::fs::create_dir_all(folder.join("data/bases")).unwrap();
        for file in [
            "index.html",
            "cnn-lab.js",
            "a.wasm",
            "assets/x-1.css",
            "data/manifest.json",
            "data/mnist/a-1.bin",
            "data/bases/bases.json",
            "data/bases/a.safetensors",
        ] {
            std::fs::write(folder.join(file), "0123456789").unwrap();
        }
        std::fs::write(folder.join("a.wasm.br"), "br").unwrap();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let get = |uri: &str, name: &str, value: &str| {
            let request = Request::get(uri).header(name, value).body(Body::empty()).unwrap();
            runtime.block_on(site(&folder).oneshot(request)).unwrap()
        };
        let long = "public, max-age=31536000, immutable";
        for (uri, kind, cache) in [
            ("/", "text/html", "no-cache"),
            ("/cnn-lab.js", "text/javascript", "no-cache"),
            ("/a.wasm", "application/wasm", "no-cache"),
            ("/assets/x-1.css", "text/css", long),
            ("/data/manifest.json", "application/json", "no-cache"),
            ("/data/mnist/a-1.bin", "application/octet-stream", long),
            ("/data/bases/bases.json", "application/json", "no-cache"),
            ("/data/bases/a.safetensors", "application/octet-stream", "no-cache"),
        ] {
            let response = get(uri, "accept", "*/*");
            assert_eq!(response.status(), StatusCode::OK, "{uri}");
            let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
            assert!(header("content-type").starts_with(kind), "{uri}: {}", header("content-type"));
            assert_eq!(header("cache-control"), cache, "{uri}");
            assert_eq!(header("cross-origin-opener-policy"), "same-origin");
            assert_eq!(header("cross-origin-embedder-policy"), "require-corp");
            assert!(
                header("content-security-policy").contains("script-src 'self' 'wasm-unsafe-eval';")
            );
        }
        assert_eq!(get("/a.wasm", "accept-encoding", "br").headers()["content-encoding"], "br");
        assert_eq!(get("/cnn-lab.js", "range", "bytes=2-3").status(), StatusCode::PARTIAL_CONTENT);
        assert_eq!(get("/nothing", "accept", "*/*").status(), StatusCode::NOT_FOUND);
        assert_eq!(get("/../Cargo.toml", "accept", "*/*").status(), StatusCode::NOT_FOUND);
        std::fs::remove_dir_all(folder).unwrap();
    }
}
