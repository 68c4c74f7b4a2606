//! Every SQL statement of `store`, found in its source.
//!
//! A statement is the string literal directly in a `…_typed…(` call; its first line is its name (`-- module::function`),
//! and the list of parameters behind it names the type of each. What does not have this shape is an error here, so that
//! no statement escapes the test that prepares them all.

use std::fs;
use std::path::{Path, PathBuf};

/// One statement as it stands in the source.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The name in its first line.
    pub name: String,
    /// The module that it stands in, the file's name.
    pub module: String,
    /// The text that is sent.
    pub sql: String,
    /// The names of the constants of `tokio_postgres::types::Type`, in the order of the parameters.
    pub types: Vec<String>,
}

/// All statements of `store`, in the order of files and lines.
pub fn all() -> Vec<Statement> {
    let source =
        Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace").join("shared/store/src");
    let mut files = Vec::new();
    collect(&source, &mut files);
    files.sort();
    assert!(!files.is_empty(), "no source files in {}", source.display());
    files.iter().flat_map(|file| in_file(file)).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the source folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

fn in_file(file: &Path) -> Vec<Statement> {
    let text = fs::read_to_string(file).expect("a source file");
    let module = module_of(file);
    let mut statements = Vec::new();
    let mut rest = text.as_str();
    while let Some(call) = rest.find("_typed") {
        let line_start = rest[..call].rfind('\n').map_or(0, |at| at + 1);
        let in_comment = rest[line_start..call].trim_start().starts_with("//");
        rest = &rest[call + "_typed".len()..];
        if in_comment {
            continue;
        }
        let suffix =
            rest.find(|letter: char| !letter.is_ascii_lowercase() && letter != '_').unwrap_or(rest.len());
        if let Some(arguments) = rest[suffix..].strip_prefix('(') {
            statements.push(read_call(arguments, &module).unwrap_or_else(|fault| {
                panic!("{}: {fault}: {:.80}", file.display(), arguments.trim_start())
            }));
        }
    }
    statements
}

/// `users` for `users.rs` and for `users/mod.rs`.
fn module_of(file: &Path) -> String {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).expect("a file name");
    let folder = file.parent().and_then(Path::file_name).and_then(|name| name.to_str()).expect("a folder");
    if stem == "mod" { folder.to_owned() } else { stem.to_owned() }
}

fn read_call(arguments: &str, module: &str) -> Result<Statement, &'static str> {
    let literal = arguments.trim_start().strip_prefix('"').ok_or("a call without a literal statement")?;
    let (sql, rest) = read_literal(literal)?;
    let name = sql
        .lines()
        .next()
        .and_then(|line| line.strip_prefix("-- "))
        .ok_or("a statement whose first line is not its name")?
        .to_owned();
    let rest = rest.trim_start().strip_prefix(',').ok_or("a statement without parameters")?;
    let list = rest.trim_start().strip_prefix("&[").ok_or("parameters that are not a literal list")?;
    Ok(Statement { name, module: module.to_owned(), sql, types: read_types(list)? })
}

/// The text of a literal behind its opening quote, and what follows the closing one.
fn read_literal(literal: &str) -> Result<(String, &str), &'static str> {
    let mut text = String::new();
    let mut letters = literal.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return Ok((text, &literal[at + 1..])),
            '\\' => match letters.next() {
                Some((_, 'n')) => text.push('\n'),
                Some((_, quoted @ ('"' | '\\'))) => text.push(quoted),
                _ => return Err("an escape that this reader does not know"),
            },
            other => text.push(other),
        }
    }
    Err("a literal without end")
}

/// The `Type::X` of the list, up to its closing bracket.
fn read_types(list: &str) -> Result<Vec<String>, &'static str> {
    let mut depth = 1_usize;
    let end = list
        .char_indices()
        .find(|(_, letter)| {
            match letter {
                '[' => depth += 1,
                ']' => depth -= 1,
                _ => {}
            }
            depth == 0
        })
        .map(|(at, _)| at)
        .ok_or("a list without end")?;
    Ok(list[..end]
        .split("Type::")
        .skip(1)
        .map(|rest| {
            rest.chars()
                .take_while(|letter| letter.is_ascii_uppercase() || letter.is_ascii_digit() || *letter == '_')
        })
        .map(Iterator::collect)
        .collect())
}
