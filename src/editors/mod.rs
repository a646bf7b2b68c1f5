//! Files that colour `.warp` text in editors, written from the schema.
//!
//! Beside the flow of a request: it reads [`crate::lang::schema`] and yields text. A test writes
//! the text to `editor-support/` or says that what is there is out of date. It does no I/O.

mod rule;
mod textmate;
mod vim;
mod words;

/// A generated file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditorFile {
    /// Where it belongs, below `editor-support/`.
    pub path: &'static str,
    /// What is in it.
    pub text: String,
}

/// Every generated file.
#[must_use]
pub fn files() -> Vec<EditorFile> {
    vec![
        EditorFile { path: "textmate/warp.tmLanguage.json", text: textmate::grammar() },
        EditorFile { path: "vim/syntax/warp.vim", text: vim::syntax() },
        EditorFile { path: "vim/ftdetect/warp.vim", text: vim::ftdetect() },
        EditorFile { path: "vim/ftplugin/warp.vim", text: vim::ftplugin() },
    ]
}
