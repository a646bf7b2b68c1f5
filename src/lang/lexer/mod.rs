//! Lossless tokens: every byte of the text is in exactly one token, white space and comments too.
