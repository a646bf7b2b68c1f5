//! Who may come in.

use super::row::functions;

functions! {
    /// What proves that somebody may come in.
    Access:

    SignedUrl "signed_url" (url: String, secret: Secret, signature: String = Text("sig"), expires: String = Text("exp"), covers: Words("url", "path") = Text("url"), now: Time = Now) -> Bool, Pure in ANYWHERE,
        "Whether the URL is signed with the secret and has not expired. Its parameter `expires` says until when it holds, in seconds after 1970; its parameter `signature` is the HMAC-SHA-256, in hex or in base64 for URLs, of the URL without that parameter, as written and without scheme and host. With `covers: path` the other parameters are left out as well, so that they may change. Each of the two has to be there exactly once, and an unset or empty secret signs nothing."
        examples [
            r#"signed_url("/a.mp4?exp=784111800&sig=e666a6ffbe321af058a73248b0b88cb60cf1b7961e383e80c35e839c3bfcd251", secret: "s3cret", now: std.time("784111799", now))"# => "true",
            r#"signed_url("/a.mp4?exp=784111800&sig=e666a6ffbe321af058a73248b0b88cb60cf1b7961e383e80c35e839c3bfcd251", secret: "s3cret", now: std.time("784111800", now))"# => "false"
        ]
        mistakes ["signed_url(req.url)" => "E0305", r#"signed_url(req.url, "s3cret", covers: query)"# => "E0341"];

    SignUrl "sign_url" (url: String, secret: Secret, until: Time, signature: String = Text("sig"), expires: String = Text("exp"), covers: Words("url", "path") = Text("url")) -> String or Unset, Pure in ANYWHERE,
        "The URL with the two parameters that `signed_url` asks for; unset without a secret."
        examples [
            r#"sign_url("/a.mp4?w=1", secret: "s3cret", until: std.time("784111800", now))"# => r#""/a.mp4?w=1&exp=784111800&sig=25105e0cafc1c5d57f06000a98594613262f2f44e22ab24e3e03b2a1341a871f""#,
            r#"sign_url("/a.mp4?w=1", secret: "s3cret", until: std.time("784111800", now), covers: path)"# => r#""/a.mp4?w=1&exp=784111800&sig=e666a6ffbe321af058a73248b0b88cb60cf1b7961e383e80c35e839c3bfcd251""#
        ]
        mistakes [r#"sign_url("/a.mp4", "s3cret", until: 1h)"# => "E0301"];

    Basic "auth.basic" (authorization: String, users: Users) -> Bool, Reads in ANYWHERE,
        "Whether `Authorization` names one of the users with the right password (RFC 7617). The users are the path of a file as `htpasswd` makes it, which is watched, or a list of its lines. Passwords are hashed with bcrypt (`htpasswd -B`), SHA-crypt (`$6$`, `$5$`), MD5-crypt (`$apr1$`, `$1$`) or SHA-1 (`{SHA}`)."
        examples [
            r#"auth.basic("Basic YWxpY2U6b3Blbg==", ["alice:{SHA}X8fji//gDKRq3YkUVGSi6vdZ1cI="])"# => "true",
            r#"auth.basic("Basic YWxpY2U6b3Blbg==", ["alice:$apr1$abcdefgh$M6iygawm05mFb0y4lNi270"])"# => "true",
            r#"auth.basic("Basic YWxpY2U6b3Blbg==", users: "users.htpasswd")"# => "true",
            r#"auth.basic(req.http.Authorization, users: "users.htpasswd")"# => "false"
        ]
        mistakes [
            r#"auth.basic(req.http.Authorization, "nobody.htpasswd")"# => "E0222",
            r#"auth.basic(req.http.Authorization, ["alice:open"])"# => "E0387",
            r#"auth.basic(req.http.Authorization, ["alice:$5$rounds=999999999$abc$LYYxhg4hUOLXa6nldnrXJNoudcPgiaf4NUM9ysO/uK9"])"# => "E0387"
        ];

    BasicUser "auth.user" (authorization: String) -> String or Unset, Pure in ANYWHERE,
        "The name that `Authorization` gives, whether the password is right or not; unset if it is not of the scheme `Basic`."
        examples [r#"auth.user("Basic YWxpY2U6b3Blbg==")"# => r#""alice""#, r#"auth.user("Bearer a.b.c")"# => "unset"]
        mistakes ["auth.user()" => "E0305"];

    DeviceClass "device.class" (user_agent: String) -> String, Pure in ANYWHERE,
        "What kind of device a `User-Agent` speaks of: `mobile`, `tablet`, `bot` or, where nothing tells, `desktop`. New iPads call themselves Macs."
        examples [
            r#"device.class("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148")"# => r#""mobile""#,
            r#"device.class("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)")"# => r#""bot""#,
            "device.class(req.http.User-Agent)" => r#""desktop""#
        ]
        mistakes ["device.class()" => "E0305"];

    Network "std.network" (address: Ip, ipv4: Int = Int(32), ipv6: Int = Int(64)) -> String, Pure in ANYWHERE,
        "The network of so many bits that an address is in, as text: what one client has. A client with IPv6 mostly has 2^64 addresses, each of which would be a key of its own."
        examples [
            r#"std.network("2001:db8:0:1::7")"# => r#""2001:db8:0:1::/64""#,
            r#"std.network("192.0.2.7")"# => r#""192.0.2.7/32""#,
            r#"std.network("192.0.2.7", ipv4: 24)"# => r#""192.0.2.0/24""#
        ]
        mistakes ["std.network()" => "E0305", r#"std.network("192.0.2.7", 24s)"# => "E0301"];
}
