//! Policies that nobody writes: each as long as it is asked to be, and made to take as much time or memory as it can.

use std::fmt::Write as _;

/// What comes before what takes long.
const HEAD: &str = "warp 1;\nbackend default { .host = \"192.0.2.1\"; }\n";

/// A text of about so many bytes.
type Writer = fn(usize) -> String;

/// What the texts are made of, and how each is written.
pub const TEXTS: &[(&str, Writer)] = &[
    ("a long sub that is called often", |bytes| {
        let mut text = format!("{HEAD}sub often {{\n");
        repeat(&mut text, bytes / 2, |_| "set req.http.X = \"a\" + req.url;\n".to_owned());
        text.push_str("}\nsub recv {\n");
        repeat(&mut text, bytes, |_| "call often;\n".to_owned());
        text + "}\n"
    }),
    ("subs that call the next one, and nobody the first", |bytes| {
        let text = declared(bytes, |at| format!("sub s{at} {{ call s{}; }}\n", at + 1));
        let last = text.matches("sub s").count();
        text + &format!("sub s{last} {{ unset req.http.A; }}\n")
    }),
    ("a class of spaces", |bytes| {
        within(bytes, "if (req.url ~ \"[", |_| "# ".to_owned(), "]\") { unset req.http.A; }\n")
    }),
    ("escapes that do not end", |bytes| {
        within(bytes, "if (req.url ~ \"", |_| r"\x{".to_owned(), "\") { unset req.http.A; }\n")
    }),
    ("braces in front of texts", |bytes| format!("{HEAD}sub recv {{ {}", "{\"".repeat(bytes / 2))),
    ("a name of nothing but letters", |bytes| {
        let name = "a".repeat(bytes / 2);
        format!("{HEAD}sub {name} {{ }}\nsub recv {{ call {}; }}\n", &name[1..])
    }),
    ("subs that call the one before twice", |bytes| {
        declared(bytes, |at| format!("sub s{} {{ call s{at}; call s{at}; }}\n", at + 1))
            + "sub s0 { } sub recv { call s30; }\n"
    }),
    ("subs that call many others", |bytes| {
        let calls = (0..30).map(|at| format!("call b{at}; ")).collect::<Vec<_>>().concat();
        let mut text = HEAD.to_owned();
        for at in 0..30 {
            let _ = writeln!(text, "sub a{at} {{ {calls} }}\nsub b{at} {{ {} }}", calls.replace('b', "c"));
        }
        for at in 0..30 {
            let _ = writeln!(text, "sub c{at} {{");
            repeat(&mut text, bytes / 60 * (at + 1), |_| "set req.http.X = \"a\" + req.url;\n".to_owned());
            text.push_str("}\n");
        }
        text + "sub recv { call a0; call a1; call a2; call a3; }\n"
    }),
    ("conditions in a sub that is called often", |bytes| {
        let mut text = format!("{HEAD}sub often {{\n");
        repeat(&mut text, bytes / 2, |at| format!("if (req.http.X !~ \"a.*b{at}$\") {{ unset req.http.Y; }}\n"));
        text.push_str("}\nsub recv {\n");
        repeat(&mut text, bytes, |_| "call often;\n".to_owned());
        text + "}\n"
    }),
    ("`let`s that double a text", |bytes| {
        within(bytes, "let a0 = req.url;\n", |at| format!("let a{} = a{at} + a{at};\n", at + 1), "std.log(a1);\n")
    }),
    ("fields that double each other", |bytes| {
        within(
            bytes,
            "set req.http.X0 = req.url;\n",
            |at| format!("set req.http.X{} = req.http.X{at} + req.http.X{at};\n", at + 1),
            "",
        )
    }),
    ("regular expressions that make the URL longer", |bytes| {
        within(bytes, "", |_| "set req.url = regsuball(req.url, \"[a-z/]\", \"\\0\\0\");\n".to_owned(), "")
    }),
    ("regular expressions that take the URL apart", |bytes| {
        within(bytes, "", |_| "set req.http.X = regsuball(req.url, \"[a-z]\", \"\\0\");\n".to_owned(), "")
    }),
    ("texts repeated in conditions", |bytes| {
        within(
            bytes,
            "",
            |at| format!("if (std.strrep(req.url, 1000000) !~ \"a.*b{at}$\") {{ unset req.http.X; }}\n"),
            "",
        )
    }),
    ("constant texts repeated", |bytes| {
        within(
            bytes,
            "",
            |at| format!("set req.http.X = std.strlen(std.strrep(std.strrep(\"{at}\", 1000), 1000));\n"),
            "",
        )
    }),
    ("hashes of long texts", |bytes| {
        within(bytes, "", |_| "set req.http.X = digest.hash_sha512(std.strrep(req.url, 60000));\n".to_owned(), "")
    }),
    ("patterns without literals on a long text", |bytes| {
        within(
            bytes,
            "set req.http.X = std.strrep(\"ab\", 30000);\n",
            |at| format!("if (req.http.X !~ \"^[a-c]*[b-d]{{{at}}}$\") {{ unset req.http.Y; }}\n", at = at % 40),
            "",
        )
    }),
    ("patterns of many repetitions", |bytes| {
        within(
            bytes,
            "",
            |at| format!("if (req.url ~ \"[a-z]{{{}}}x\\d+$\") {{ unset req.http.X; }}\n", 100 + at % 400),
            "",
        )
    }),
    ("passwords", |bytes| {
        within(
            bytes,
            "",
            |_| {
                "if (auth.basic(req.http.Authorization, [\"a:$2y$05$abcdefghijklmnopqrstuu5cldSTjqTa.nw4QeJC5.F6G/ueChgIa\"])) { unset req.http.X; }\n".to_owned()
            },
            "",
        )
    }),
    ("a sum of many parts", |bytes| within(bytes, "set req.http.X = a", |_| " + a".to_owned(), ";\n")),
    ("signs before a value", |bytes| within(bytes, "if (", |_| "!".to_owned(), "a) { }\n")),
    ("`not`s before a value", |bytes| within(bytes, "if (", |_| "not ".to_owned(), "a) { }\n")),
    ("sums in parentheses", |bytes| {
        within(bytes, "", |_| format!("set req.http.X = {}a{};\n", "(a + ".repeat(60), ")".repeat(60)), "")
    }),
    ("a product of many parts", |bytes| within(bytes, "set req.http.X = a", |_| " * a".to_owned(), ";\n")),
    ("a sum of many texts", |bytes| within(bytes, "set req.http.X = \"a\"", |_| " \"a\"".to_owned(), ";\n")),
    ("a condition of many parts", |bytes| {
        within(bytes, "if (req.url == \"a\"", |at| format!(" || req.url == \"{at}\""), ") { unset req.http.X; }\n")
    }),
    ("a condition of many `and`s and `or`s", |bytes| {
        within(
            bytes,
            "if (req.url == \"a\"",
            |at| format!(" && req.url != \"{at}\" || req.host ~ \"{at}$\""),
            ") { unset req.http.X; }\n",
        )
    }),
    ("a list of many texts", |bytes| {
        within(bytes, "if (req.url in [\"a\"", |at| format!(", \"{at}\""), "]) { unset req.http.X; }\n")
    }),
    ("a list of wrong elements", |bytes| {
        within(bytes, "if (req.url in [\"a\"", |at| format!(", {at}"), "]) { unset req.http.X; }\n")
    }),
    ("many defaults behind each other", |bytes| {
        within(bytes, "set req.http.X = req.http.A", |at| format!(" ?? req.http.A{at}"), " ?? \"\";\n")
    }),
    ("a long ladder", |bytes| {
        within(bytes, "if (false) { }\n", |at| format!("else if (req.url == \"/{at}\") {{ return (pass); }}\n"), "")
    }),
    ("a long ladder of unknown names", |bytes| {
        within(bytes, "if (false) { }\n", |at| format!("else if (unknown{at}) {{ return (pass); }}\n"), "")
    }),
    ("`if`s that go on", |bytes| {
        within(bytes, "", |at| format!("if (req.url ~ \"a.*b{at}\") {{ set req.http.X = \"{at}\"; }}\n"), "")
    }),
    ("blocks within blocks", |bytes| {
        within(
            bytes,
            "",
            |at| format!("{}set req.http.X = \"{at}\";{}\n", "if (req.http.X) {".repeat(60), "}".repeat(60)),
            "",
        )
    }),
    ("`let`s of one name", |bytes| within(bytes, "", |_| "let a = req.url;\n".to_owned(), "")),
    ("`let`s of many names", |bytes| within(bytes, "", |at| format!("let a{at} = now;\n"), "")),
    ("unknown names like many known ones", |bytes| {
        let mut text = HEAD.to_owned();
        repeat(&mut text, bytes / 2, |at| format!("const name{at} = {at};\n"));
        text.push_str("sub recv {\n");
        repeat(&mut text, bytes, |at| format!("set req.http.X = nome{at};\n"));
        text + "}\n"
    }),
    ("unknown names like many `let`s", |bytes| {
        let lets = |at| format!("let name{at} = now;\nset req.http.X = nome{at};\n");
        within(bytes, "", lets, "")
    }),
    ("unknown subs like many known ones", |bytes| {
        let mut text = HEAD.to_owned();
        repeat(&mut text, bytes / 2, |at| format!("sub name{at} {{ }}\n"));
        text.push_str("sub recv {\n");
        repeat(&mut text, bytes, |at| format!("call nome{at};\n"));
        text + "}\n"
    }),
    ("unknown variables", |bytes| within(bytes, "", |at| format!("set req.uri{at} = \"a\";\n"), "")),
    ("unknown functions", |bytes| within(bytes, "", |at| format!("std.logg{at}(\"a\");\n"), "")),
    ("long unknown names", |bytes| {
        within(bytes, "", |at| format!("set req.http.X = {}{at};\n", "name".repeat(1000)), "")
    }),
    ("backends of one name", |bytes| declared(bytes, |_| "backend web { .host = \"192.0.2.1\"; }\n".to_owned())),
    ("backends of many names", |bytes| declared(bytes, |at| format!("backend web{at} {{ .host = \"192.0.2.1\"; }}\n"))),
    ("attributes of one name", |bytes| {
        let mut text = "warp 1;\nbackend default {\n".to_owned();
        repeat(&mut text, bytes, |_| ".host = \"192.0.2.1\";\n".to_owned());
        text + "}\n"
    }),
    ("unknown attributes", |bytes| {
        let mut text = "warp 1;\nbackend default {\n".to_owned();
        repeat(&mut text, bytes, |at| format!(".hosd{at} = \"192.0.2.1\";\n"));
        text + "}\n"
    }),
    ("members of a director", |bytes| {
        let mut text = format!("{HEAD}director d = random {{\n");
        repeat(&mut text, bytes, |_| "default { .weight = 1; }\n".to_owned());
        text + "}\n"
    }),
    ("directors within directors", |bytes| {
        let mut text = format!("{HEAD}director d0 = fallback {{ default; }}\n");
        repeat(&mut text, bytes, |at| format!("director d{} = fallback {{ d{at}; default; }}\n", at + 1));
        text
    }),
    ("constants of one name", |bytes| declared(bytes, |_| "const a = 1;\n".to_owned())),
    ("constants that need the next one", |bytes| declared(bytes, |at| format!("const a{at} = a{};\n", at + 1))),
    ("constants that double the one before", |bytes| {
        declared(bytes, |at| format!("const a{} = a{at} + a{at};\n", at + 1)) + "const a0 = \"0123456789\";\n"
    }),
    ("functions that need the next one", |bytes| {
        declared(bytes, |at| format!("fn f{at}(a: INT) -> INT {{ return f{}(a); }}\n", at + 1))
    }),
    ("functions that double the one before", |bytes| {
        let first = format!("{HEAD}fn f0(a: STRING) -> STRING {{ return a + a; }}\n");
        let mut text = first;
        repeat(&mut text, bytes, |at| {
            format!("fn f{}(a: STRING) -> STRING {{ return f{at}(a) + f{at}(a); }}\n", at + 1)
        });
        text
    }),
    ("a large function that is called often", |bytes| {
        let sum = vec!["a"; 190].join(" + ");
        let mut text = format!("{HEAD}fn f0(a: STRING) -> STRING {{ return {sum}; }}\n");
        text.push_str("fn f(a: STRING) -> STRING { return f0(a) + f0(a) + f0(a) + f0(a) + f0(a) + f0(a) + f0(a); }\n");
        text.push_str("sub recv {\n");
        repeat(&mut text, bytes, |_| "set req.http.X = f(req.url);\n".to_owned());
        text + "}\n"
    }),
    ("subs of one name", |bytes| declared(bytes, |_| "sub a { unset req.http.X; }\n".to_owned())),
    ("subs of one step", |bytes| declared(bytes, |_| "sub recv { unset req.http.X; }\n".to_owned())),
    ("subs that call the next one", |bytes| {
        declared(bytes, |at| format!("sub s{at} {{ call s{}; }}\n", at + 1)) + "sub recv { call s0; }\n"
    }),
    ("subs that call themselves by way of others", |bytes| {
        declared(bytes, |at| format!("sub s{at} {{ call s{}; call s{}; }}\n", at + 1, at / 2))
    }),
    ("mistakes in a sub of many steps", |bytes| {
        let mut text = HEAD.to_owned();
        text.push_str(
            "sub recv { call s; } sub hash { call s; } sub hit { call s; } sub deliver { call s; }\nsub s {\n",
        );
        repeat(&mut text, bytes, |_| "set beresp.ttl = 1s;\n".to_owned());
        text + "}\n"
    }),
    ("overrides of one piece", |bytes| declared(bytes, |_| "override builtin.cookie { }\n".to_owned())),
    ("keys", |bytes| declared(bytes, |_| "key { req.url; }\n".to_owned())),
    ("includes of nothing", |bytes| declared(bytes, |at| format!("include \"no{at}.warp\";\n"))),
    ("includes of itself", |bytes| declared(bytes, |_| "include \"policy.warp\";\n".to_owned())),
    ("entries of an acl", |bytes| {
        let mut text = format!("{HEAD}acl office {{\n");
        repeat(&mut text, bytes, |at| format!("\"10.{}.{}.{}\";\n", at >> 16 & 255, at >> 8 & 255, at & 255));
        text + "}\n"
    }),
    ("one entry of an acl many times", |bytes| {
        let mut text = format!("{HEAD}acl office {{\n");
        repeat(&mut text, bytes, |_| "\"10.0.0.0\"/8;\n".to_owned());
        text + "}\n"
    }),
    ("hosts of an acl", |bytes| {
        let mut text = format!("{HEAD}acl office {{\n");
        repeat(&mut text, bytes, |at| format!("\"h{at}.example\";\n"));
        text + "}\n"
    }),
    ("a table of many keys", |bytes| table(bytes, |at| format!("\"{at}\": \"a\",\n"))),
    ("a table of one key", |bytes| table(bytes, |_| "\"a\": \"a\",\n".to_owned())),
    ("a table of wrong values", |bytes| table(bytes, |at| format!("\"{at}\": nome{at},\n"))),
    ("many tables", |bytes| declared(bytes, |at| format!("table t{at} {{ \"a\": \"b\" }}\n"))),
    ("rules of one condition", |bytes| rules(bytes, |_| "when path under \"/a/\" -> pass;\n".to_owned())),
    ("rules of many hosts and patterns", |bytes| {
        rules(bytes, |at| format!("when host == \"h{}\" and path ~ \"^/p{at}/[a-z]+/\\\\d+$\" -> pass;\n", at / 10))
    }),
    ("rules of patterns that start alike", |bytes| {
        rules(bytes, |at| format!("when path ~ \"^/.*a.{{{}}}b\" -> pass;\n", at % 90))
    }),
    ("rules of lists", |bytes| {
        let hosts = (0..200).map(|at| format!("\"h{at}\"")).collect::<Vec<_>>().join(", ");
        rules(bytes, |at| format!("when host in [{hosts}] and path under [\"/{at}\", {hosts}] -> pass;\n"))
    }),
    ("rules of globs", |bytes| {
        rules(bytes, |at| format!("when query any [\"*a*{at}*b*\"] and cookies any [\"*a*a*a*{at}*\"] -> pass;\n"))
    }),
    ("unknown actions", |bytes| rules(bytes, |at| format!("when first -> pas{at};\n"))),
    ("clauses of `normalize`", |bytes| {
        let mut text = format!("{HEAD}normalize req {{\n");
        repeat(&mut text, bytes, |at| format!("query drop [\"*a*{at}*\"], sort;\n"));
        text + "}\n"
    }),
    ("arms of a `match`", |bytes| {
        within(
            bytes,
            "match req.url {\n",
            |at| format!("\"/{at}\" or \"/x{at}\" -> {{ return (pass); }}\n"),
            "else -> { } }\n",
        )
    }),
    ("a value of a `match` of many arms", |bytes| {
        within(
            bytes,
            "set req.http.X = match req.url {\n",
            |at| format!("\"/{at}\" -> \"{at}\";\n"),
            "else -> \"\"; };\n",
        )
    }),
    ("many `match`es", |bytes| {
        within(
            bytes,
            "",
            |at| format!("set req.http.X = match req.url {{ \"/{at}\" -> req.host; else -> \"b\"; }};\n"),
            "",
        )
    }),
    ("`return`s behind each other", |bytes| within(bytes, "", |_| "return (pass);\n".to_owned(), "")),
    ("bans", |bytes| within(bytes, "", |at| format!("ban where obj.http.X == \"{at}\" + req.url;\n"), "")),
    ("tags", |bytes| {
        let mut text = format!("{HEAD}sub backend_response {{\n");
        repeat(&mut text, bytes, |at| format!("tag \"a{at} b{at}\";\n"));
        text + "}\n"
    }),
    ("opened braces", |bytes| "{".repeat(bytes)),
    ("opened parentheses", |bytes| within(bytes, "set req.http.X = ", |_| "(".to_owned(), ";\n")),
    ("quotation marks", |bytes| "\"\n".repeat(bytes / 2)),
    ("statements without an end", |bytes| within(bytes, "", |_| "set req.http.X = \"a\"\n".to_owned(), "")),
    ("one long text", |bytes| {
        within(1, &format!("set req.http.X = \"{}\";\n", "a".repeat(bytes)), |_| String::new(), "")
    }),
    ("one long name", |bytes| within(1, &format!("set req.http.X = {};\n", "a".repeat(bytes)), |_| String::new(), "")),
    ("one long pattern", |bytes| {
        within(1, &format!("if (req.url ~ \"{}\") {{ }}\n", "(a|b)*".repeat(bytes / 6)), |_| String::new(), "")
    }),
    ("one long path", |bytes| {
        within(1, &format!("set req.http.X = a{};\n", ".a".repeat(bytes / 2)), |_| String::new(), "")
    }),
    ("one long number", |bytes| {
        within(1, &format!("set req.http.X = {};\n", "9".repeat(bytes)), |_| String::new(), "")
    }),
    ("comments", |bytes| "/* */ # a\n".repeat(bytes / 10)),
];

/// Adds pieces to a text until it is as long as that.
fn repeat(text: &mut String, bytes: usize, piece: impl Fn(usize) -> String) {
    for at in 0.. {
        let piece = piece(at);
        if text.len() + piece.len() > bytes {
            break;
        }
        text.push_str(&piece);
    }
}

/// Declarations.
fn declared(bytes: usize, piece: impl Fn(usize) -> String) -> String {
    let mut text = HEAD.to_owned();
    repeat(&mut text, bytes, piece);
    text
}

/// What stands in `sub recv`.
fn within(bytes: usize, first: &str, piece: impl Fn(usize) -> String, last: &str) -> String {
    let mut text = format!("{HEAD}sub recv {{\n{first}");
    repeat(&mut text, bytes, piece);
    text + last + "}\n"
}

fn table(bytes: usize, entry: impl Fn(usize) -> String) -> String {
    let mut text = format!("{HEAD}table t {{\n");
    repeat(&mut text, bytes, entry);
    text + "}\n"
}

fn rules(bytes: usize, row: impl Fn(usize) -> String) -> String {
    let mut text = format!("{HEAD}rules request first {{\n");
    repeat(&mut text, bytes, row);
    text + "}\n"
}
