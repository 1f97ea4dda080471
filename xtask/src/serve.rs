//! The development server: static files with the headers that a deployment should send.

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
use tower_http::services::ServeDir;

use crate::build;
use crate::shell::{command, path, say};

/// Only what comes from here; WebAssembly may be compiled, nothing may be evaluated.
/// Styles: Lit and uPlot set inline ones.
const POLICY: &str = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; \
    worker-src 'self' blob:; img-src 'self' blob: data:; style-src 'self' 'unsafe-inline'; \
    connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'self'";

/// Builds, serves on localhost and stays.
pub fn run(port: u16, open: bool, watch: bool) -> Result<()> {
    build::run()?;
    let runtime = tokio::runtime::Runtime::new()?;
    let listener = runtime.block_on(listen(port))?;
    let address = format!("http://localhost:{}", listener.local_addr()?.port());
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
    runtime.block_on(async { axum::serve(listener, site(&path("www/dist"))).await })?;
    Ok(())
}

/// Serves `www/dist` on a free port until the guard is dropped; gives its address.
pub fn in_background() -> Result<(tokio::runtime::Runtime, String)> {
    let runtime = tokio::runtime::Runtime::new()?;
    let listener = runtime.block_on(listen(0))?;
    let address = format!("http://localhost:{}", listener.local_addr()?.port());
    runtime.spawn(async { axum::serve(listener, site(&path("www/dist"))).await });
    Ok((runtime, address))
}

async fn listen(port: u16) -> Result<tokio::net::TcpListener> {
    match tokio::net::TcpListener::bind(("localhost", port)).await {
        Ok(listener) => Ok(listener),
        Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => bail!(
            "port {port} is taken by another program; choose another with --port {}",
            port.wrapping_add(1)
        ),
        Err(error) => Err(error).with_context(|| format!("port {port} cannot be opened")),
    }
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
    path.contains("/assets/") || (path.contains("/data/") && !path.ends_with("manifest.json"))
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
    let places: [PathBuf; 4] = ["src", "www/src", "www/public", "www/index.html"].map(path);
    for place in places {
        watcher.watch(&place, RecursiveMode::Recursive)?;
    }
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
        for file in [
            "index.html",
            "cnn-lab.js",
            "a.wasm",
            "assets/x-1.css",
            "data/manifest.json",
            "data/mnist/a-1.bin",
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
