//! What a backend gets on a new connection before anything else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::attribute::Attributes;
use super::context::Context;
use crate::lang::hir::{Greeting, ProxyVersion, Via};
use crate::lang::syntax::ast::Name;

/// The most bytes of a `.preamble`.
const LONGEST_BYTES: usize = 4096;

/// What the attributes of the backend of that name say of it.
pub(super) fn greeting(cx: &Context, attributes: &Attributes, name: &Name) -> Greeting {
    Greeting {
        via: via(cx, attributes, name),
        preamble: preamble(attributes),
        proxy_header: attributes.number_at("proxy_header", 1..=2).map(|(version, _)| match version {
            1 => ProxyVersion::V1,
            _ => ProxyVersion::V2,
        }),
    }
}

fn via(cx: &Context, attributes: &Attributes, name: &Name) -> Option<Via> {
    attributes.useless_without("authority", "via", "NAME");
    let (backend, span) = attributes.backend("via")?;
    let through = cx.names.backends.get(backend.0 as usize)?;
    let goes_on = through.item.and_then(|block| block.attributes.as_ref()).into_iter().flatten();
    if through.name.text == name.text {
        attributes.refuse(span, "a backend cannot be reached through itself", "name another backend");
        return None;
    }
    if goes_on.into_iter().any(|attribute| attribute.name.text == "via") {
        let message = format!("`{}` is itself reached through another", through.name.text);
        attributes.refuse(span, message, "name a backend without a `.via`");
        return None;
    }
    Some(Via { backend, authority: authority(attributes) })
}

/// A name of at most 255 bytes (the PROXY protocol, `PP2_TYPE_AUTHORITY`).
fn authority(attributes: &Attributes) -> Option<String> {
    let (text, span) = attributes.text("authority")?;
    let fine = (1..=255).contains(&text.len()) && text.chars().all(|c| c.is_ascii_graphic());
    if !fine {
        attributes.refuse(span?, "this is not the name of a server", "write a name such as \"example.com\"");
    }
    fine.then_some(text)
}

fn preamble(attributes: &Attributes) -> Vec<u8> {
    let Some((text, Some(span))) = attributes.text("preamble") else { return Vec::new() };
    match STANDARD.decode(&text) {
        Ok(bytes) if bytes.len() <= LONGEST_BYTES => return bytes,
        Ok(_) => {
            let message = format!("the preamble has more than {LONGEST_BYTES} bytes");
            attributes.refuse(span, message, "shorten it");
        }
        Err(_) => attributes.refuse(span, "this is not base64", "write the bytes in base64: \"UFJPWFkgVU5LTk9XTg0K\""),
    }
    Vec::new()
}
