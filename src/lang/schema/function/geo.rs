//! Where an address is.

use super::row::functions;

functions! {
    /// What a database in `MaxMind`'s format knows of addresses. The file is watched.
    Geo:

    Country "geo.country" (address: Ip, database: Database) -> String or Unset, Pure in ANYWHERE,
        "The two letters of the country that the address is in (ISO 3166-1), if the database knows; the same as `geo.lookup(address, database, \"country.iso_code\")`."
        examples [
            r#"geo.country(std.ip("192.0.2.1", "::"), "geo.mmdb")"# => r#""NL""#,
            r#"geo.country(client.ip, "geo.mmdb")"# => "unset"
        ]
        mistakes [
            r#"geo.country(client.ip, "nowhere.mmdb")"# => "E0222",
            r#"geo.country(client.ip, "notice.txt")"# => "E0388",
            r#"geo.country("192.0.2.1x", "geo.mmdb")"# => "E0606"
        ];

    Lookup "geo.lookup" (address: Ip, database: Database, path: String) -> String or Unset, Pure in ANYWHERE,
        "What the database says of the address at that path: names of what is in each other with dots between them, and numbers from 0 for one of a list. Unset if there is nothing, or more than one value."
        examples [
            r#"geo.lookup(std.ip("192.0.2.1", "::"), "geo.mmdb", "city.names.en")"# => r#""Haarlem""#,
            r#"geo.lookup(std.ip("192.0.2.1", "::"), "geo.mmdb", "subdivisions.0.iso_code")"# => r#""NH""#,
            r#"geo.lookup(std.ip("192.0.2.1", "::"), "geo.mmdb", "autonomous_system_number")"# => r#""64496""#,
            r#"geo.lookup(std.ip("192.0.2.1", "::"), "geo.mmdb", "city")"# => "unset"
        ]
        mistakes [r#"geo.lookup(client.ip, "geo.mmdb")"# => "E0305"];
}
