//! Makes a module for browsers without SIMD of one that was compiled without it, yet has some.
//!
//! gemm compiles its innermost products for SIMD whatever the flags say, and calls those only where
//! burn-flex was told to use vectors. A browser without them refuses the whole module all the same, so
//! functions with vectors give way to some that trap, and a vector in a type to a number.

use std::convert::Infallible;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, anyhow};
use wasm_encoder::reencode::{Error, Reencode, utils};
use wasm_encoder::{CodeSection, Function, Instruction, Module, ValType};
use wasmparser::{BinaryReaderError, FunctionBody, Parser, Validator, WasmFeatures};

/// All of WebAssembly 2.0 but vectors.
const FEATURES: WasmFeatures = WasmFeatures::WASM2.difference(WasmFeatures::SIMD);

/// Rewrites a file; gives the number of functions that now trap.
///
/// # Errors
/// Where it is no module, or still none for such a browser.
pub fn rewrite(file: &Path) -> Result<usize> {
    let what = || format!("{} cannot be had without SIMD", file.display());
    let (module, gone) = fs::read(file)
        .map_err(Into::into)
        .and_then(|bytes| without_vectors(&bytes))
        .with_context(what)?;
    validate(&module).with_context(what)?;
    fs::write(file, module).with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(gone)
}

/// Whether a browser without SIMD takes a module.
///
/// # Errors
/// Names the place of what it would not take.
pub fn validate(module: &[u8]) -> Result<()> {
    Validator::new_with_features(FEATURES).validate_all(module)?;
    Ok(())
}

fn without_vectors(bytes: &[u8]) -> Result<(Vec<u8>, usize)> {
    let (mut module, mut plain) = (Module::new(), Plain { gone: 0 });
    plain
        .parse_core_module(&mut module, Parser::new(0), bytes)
        .map_err(|error| anyhow!("it could not be taken apart: {error}"))?;
    Ok((module.finish(), plain.gone))
}

struct Plain {
    gone: usize,
}

impl Reencode for Plain {
    type Error = Infallible;

    fn val_type(&mut self, of: wasmparser::ValType) -> Result<ValType, Error> {
        match of {
            wasmparser::ValType::V128 => Ok(ValType::I32),
            other => utils::val_type(self, other),
        }
    }

    fn parse_function_body(
        &mut self,
        code: &mut CodeSection,
        body: FunctionBody<'_>,
    ) -> Result<(), Error> {
        if !has_vectors(&body)? {
            return utils::parse_function_body(self, code, body);
        }
        let mut traps = Function::new([]);
        traps.instruction(&Instruction::Unreachable).instruction(&Instruction::End);
        code.function(&traps);
        self.gone += 1;
        Ok(())
    }
}

/// Whether there is a vector among the locals, or an instruction of SIMD: all begin with one byte.
fn has_vectors(body: &FunctionBody<'_>) -> Result<bool, BinaryReaderError> {
    for local in body.get_locals_reader()? {
        if local?.1 == wasmparser::ValType::V128 {
            return Ok(true);
        }
    }
    let (bytes, start) = (body.as_bytes(), body.range().start);
    for operator in body.get_operators_reader()?.into_iter_with_offsets() {
        if bytes[operator?.1 - start] == 0xFD {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use wasm_encoder::{
        CodeSection, ExportKind, ExportSection, Function, FunctionSection, Instruction, Module,
        TypeSection, ValType,
    };
    use wasmparser::{Operator, Parser, Payload};

    use super::{validate, without_vectors};

    /// A sum without vectors, one with, and a function that calls the second where it is told to
    /// and the first otherwise; `of` is what the second takes.
    fn module(of: ValType) -> Vec<u8> {
        let mut types = TypeSection::new();
        types.ty().function([ValType::I32; 2], [ValType::I32]);
        types.ty().function([of], [of]);
        let mut functions = FunctionSection::new();
        functions.function(0).function(1).function(0);
        let mut exports = ExportSection::new();
        exports.export("either", ExportKind::Func, 2);
        let body = |instructions: &[Instruction<'_>]| {
            let mut function = Function::new([]);
            for instruction in instructions {
                function.instruction(instruction);
            }
            function
        };
        let mut code = CodeSection::new();
        let get = Instruction::LocalGet;
        code.function(&body(&[get(0), get(1), Instruction::I32Add, Instruction::End]));
        let one = match of {
            ValType::V128 => vec![get(0), get(0), Instruction::I32x4Add],
            _ => vec![get(0), Instruction::I32x4Splat, Instruction::I32x4ExtractLane(0)],
        };
        code.function(&body(&[one, vec![Instruction::End]].concat()));
        let told = match of {
            ValType::V128 => vec![
                get(1),
                Instruction::I32x4Splat,
                Instruction::Call(1),
                Instruction::I32x4ExtractLane(0),
            ],
            _ => vec![get(1), Instruction::Call(1)],
        };
        let either = [
            vec![get(0), Instruction::If(wasm_encoder::BlockType::Result(ValType::I32))],
            told,
            vec![
                Instruction::Else,
                get(0),
                get(1),
                Instruction::Call(0),
                Instruction::End,
                Instruction::End,
            ],
        ];
        code.function(&body(&either.concat()));
        let mut module = Module::new();
        module.section(&types).section(&functions).section(&exports).section(&code);
        module.finish()
    }

    /// For each function, whether all it does is trap.
    fn traps(module: &[u8]) -> Vec<bool> {
        let bodies = Parser::new(0).parse_all(module).filter_map(|part| match part.unwrap() {
            Payload::CodeSectionEntry(body) => Some(body),
            _ => None,
        });
        let first = bodies.map(|body| body.get_operators_reader().unwrap().read().unwrap());
        first.map(|first| matches!(first, Operator::Unreachable)).collect()
    }

    #[test]
    fn functions_of_vectors_trap_and_those_that_only_call_them_stay() {
        let vectors = module(ValType::I32);
        assert!(validate(&vectors).is_err());
        let (plain, gone) = without_vectors(&vectors).unwrap();
        validate(&plain).unwrap();
        assert_eq!(gone, 1);
        assert_eq!(traps(&plain), [false, true, false]);
    }

    #[test]
    fn who_passes_vectors_traps_too() {
        let (plain, gone) = without_vectors(&module(ValType::V128)).unwrap();
        validate(&plain).unwrap();
        assert_eq!(gone, 2);
        assert_eq!(traps(&plain), [false, true, true]);
    }

    #[test]
    fn what_is_no_module_is_told() {
        let error = without_vectors(b"no module").unwrap_err();
        assert!(error.to_string().contains("could not be taken apart"), "{error}");
    }
}
