//! Tokens of each algorithm, and the keys that they are signed with in each form.

/// The algorithm, which of `KEYS` has signed it, and the token; it claims `{"sub":"alice"}`.
pub const TOKENS: [(&str, usize, &str); 10] = [
    (
        "RS256",
        0,
        "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.cD6umWdLlyzoN5lfaC4EdkdCV91fF5pXqRJAK2VT50RlKlr835cdXFEYYlHCrvf_CLspO6ZpOuqaRhYcKw5w1uF-SITvfybPv2-virbSs-njkP1Ivl9Xzu_GmQC2YAPpWEm-TJpZ8kzsbqel2D6Xd4RP1HYya2xZQavgK_ITA5pKA9BqJR0gO2GN2W7uoMu7uPuIobBrAFw_Uzlkpfvx9MqbE11DtI9WVaz20yTnG7J-MjEg3vVsNImH0IGJIe9uCo03Y8EdZKUVYGYPPW3IXFZKRsdpBxyJGC4qgKqrVNIksazLSqmo19yLiKsbyXcGcN7YGJiRnv6Y4M-bKmAPpg",
    ),
    (
        "RS384",
        0,
        "eyJhbGciOiJSUzM4NCJ9.eyJzdWIiOiJhbGljZSJ9.bpxoiAtFacq-LMzv3DeTNvQxTHqYmMQwG2ghYyTdnOorcZCmpMAgDABAWLkPMGqAqbvdv0m82V9D8w_UfC0pz1Ot36HY8iqSmpt_6cpxJgaQocRXBOA0bkHRpZJg2F8P0UW3Z4YoQirCNFoAUbEUIfGUoGKks36GUscc8Vc_H8PysJG_TWSjpAX4Bqw3oRzC8nVS_VduFjFeUrpfQRGpwjhH9wB179Asslrewj4gZ8J6KAQjIRDZlBNJFKSsKFSDtqRqdhTavFukphhk16q8ZniqIrK37qFkpiGekdtEFipH0PC2DIvIsVPd2aqrQzXMooXzt_VfZ2cqSlffbuXMuw",
    ),
    (
        "RS512",
        0,
        "eyJhbGciOiJSUzUxMiJ9.eyJzdWIiOiJhbGljZSJ9.eayk2bHFzK5KBZXM42d_w7HORrn2oE0rW3AXXTpc5Y7fPP0hKQlzVacGLaG2uxUzjAuNNg9gOdZYdgTmNDq2qQjpDvLZxMcQcEX4NjTmFKyyVuBFPkj54qdy_BmFtoVTDccQr9k6-DI-jgFCVLWOwLTWnpSw3A_7KBcjOpky3TvMn6443tY59yEpewtQX_w4hrOP3n1bEMWjVbbZvnQBpu9bY2oX5bxV3ZnfDkS5rbJKEhlmD0AtrwpAMV0CetsM7LGaloMqMz0rIDRq75CKA5mPckCdymlBpN9f2OpAfda-L6v9daWBr5LZuLfcZI3Jy3Kt2Ua_xfch_490axGUQA",
    ),
    (
        "PS256",
        0,
        "eyJhbGciOiJQUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.jIUm1x2qNRWnk7YWCOzWyxnZP4U4WuEL01hADjeP43IAj2NXbbPyvxjGTwXsolzVXyj_h5aiL2nYN2yvdfIbfNgxI117QkVe9aFSEEqkgxY7s1K4tJtt5YZjiW3SnpugLcEO0AiQQYLfu1agrlDfDEd9cKGGkAVB4iAz8PsJqRGx1pazTZYXBMoKL6xFRs6kNVeNgiLBGCqwEF5EkCj_qofQlWPQ1xWka7Nxpm3-cOxeo7GYTO8pLcHgPlAYqGGxrQ5CMZ9FmiSmb5-imldj4pMqfcdQ4etacavf9kJnce-Dw1_rLE82HwLEn8PxV8grnGrz9oJA8eJUNFE5CjMstw",
    ),
    (
        "PS384",
        0,
        "eyJhbGciOiJQUzM4NCJ9.eyJzdWIiOiJhbGljZSJ9.Q0nGRHvlgp6qCR58f0ZYNf9TmwoqAvcpQEq3LUiSFfybruCSVv5ClCflLXzgKbnW4x1O9bYHzy39UmxTQab_zdhOkj95AEuJ6Mta7euBZ4IwaPYRiz6xhblKx0c5I9TnZwRjXGS96UVQTnSH69mkv5qzLu7s_fIRkHJxH2pv4PH6uC7iDHCMZnC4gRU6OC4NIKiICjfLipBRF0CJn0P7C-BUXC0zsQW7rN9mHSyRcym1KRMFc2HktI3h-hovbbL1qXmAY8TQ2mux5r7xYPPp5-eiFQJPHra4zYnUPgptCYMtYiA2zw_odKevJeJ2A68-8juXX5W0zmox-sXma9AP3w",
    ),
    (
        "PS512",
        0,
        "eyJhbGciOiJQUzUxMiJ9.eyJzdWIiOiJhbGljZSJ9.YY_EBOXPesJWGuBR0v_6yhE2vmfowTm-N_3YVQhE-HZj642KdHkBZ7wqc_b9UP9IV6rRHKva8DBo1qO6sX9xEhWm2NrODJ4aENIbDxSnD5Fn_2hl5giULnrEjxLELYLiuuSrECnSQMCHKGynp3PglSvFdi3jkdE2S9NXCfet6hbTWcICxJ_QKyoWfAy_tpdUw4klex2O6UlZpsM5Jq-yqOBqMaYjm9IlXjPeDztI8m9wJDaR709HOhfoNLYfX3Hy564e6d5vxuFVytpb9JUyME2omzTimMHEqMbl7JJQ3d1UCcLLaSTawXf5QYRk_bNVqANrOpT4l1e5yl6HkmEGNg",
    ),
    (
        "ES256",
        1,
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.TCQJNG8JiDna5_GjT1utOLyq_JBHFWTnpyzzAMJfiwql3Mxmxkw6HNWE4vZMakYQHNphgxI7RvcEbw3OBWR7lQ",
    ),
    (
        "ES384",
        2,
        "eyJhbGciOiJFUzM4NCJ9.eyJzdWIiOiJhbGljZSJ9.twqvQkTvhoRcoWO4vQJh3-qXXHQIu54zmFq-SzUeLZOWU9x_TayD82nwnouna-ltwhhuIct5obcf-vWWHFFfwhVtnM6g4ThhdLa99tbwNWoqtf2xuLzwzt6QhG_in88v",
    ),
    (
        "EdDSA",
        3,
        "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJhbGljZSJ9.2mH6dold31D-ljMCmuTdij-i-JTJUnvtE2MLX4AVItUxt0kTivyDu7rjGG6zmAGssleD5C7k7dfe2mGOo_R7AA",
    ),
    (
        "Ed25519",
        3,
        "eyJhbGciOiJFZDI1NTE5In0.eyJzdWIiOiJhbGljZSJ9.XOiojoPNvluZiFKkmR3YqAvvhRCEr5LZGIIFr1nChuXrwiaRkw56WA_TTHgpukibKW3ZcSwuyNGlm4MNGPOdDA",
    ),
];

/// A key as a JSON Web Key, as a public key in PEM, and in a certificate that has expired.
pub const KEYS: [[&str; 3]; 4] = [
    [
        r#"{"kty": "RSA", "n": "qzpZ93mdhFxJIDt2Qv7GwVn9dgKKx6ICwqSmkkXUzNbirIz6lz-8weqbFRJKzdwRO_Ha_1KsNUJcxOqFf22VPcWcF4u6MHdS1tXYhHxNWbFek8QpYxoDPonMyrMsR7hYrMcrYXNgo2YPkEt14_79xtgGjRtLfRp1QiMFl7OtkEl9m1igHNfircIewHWV8wXwQ8N5grIb78hnYQLA63AxUOS9B7HsojsCg9APsieEIht_Xb1x9TXPHWEVvYWTUdcYOX1Ys8dHc57cnbP8pmqtgPeY4PBa6NTOAS7F4JVZm7fdletHYltNpDBdzcXvtohk7qoU2QemT5Hb_RwDUa9kiQ", "e": "AQAB"}"#,
        "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAqzpZ93mdhFxJIDt2Qv7G\nwVn9dgKKx6ICwqSmkkXUzNbirIz6lz+8weqbFRJKzdwRO/Ha/1KsNUJcxOqFf22V\nPcWcF4u6MHdS1tXYhHxNWbFek8QpYxoDPonMyrMsR7hYrMcrYXNgo2YPkEt14/79\nxtgGjRtLfRp1QiMFl7OtkEl9m1igHNfircIewHWV8wXwQ8N5grIb78hnYQLA63Ax\nUOS9B7HsojsCg9APsieEIht/Xb1x9TXPHWEVvYWTUdcYOX1Ys8dHc57cnbP8pmqt\ngPeY4PBa6NTOAS7F4JVZm7fdletHYltNpDBdzcXvtohk7qoU2QemT5Hb/RwDUa9k\niQIDAQAB\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIICozCCAYugAwIBAgIBATANBgkqhkiG9w0BAQsFADAVMRMwEQYDVQQDDAppZC5l\neGFtcGxlMB4XDTAxMDEwMTAwMDAwMFoXDTAyMDEwMTAwMDAwMFowFTETMBEGA1UE\nAwwKaWQuZXhhbXBsZTCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAKs6\nWfd5nYRcSSA7dkL+xsFZ/XYCiseiAsKkppJF1MzW4qyM+pc/vMHqmxUSSs3cETvx\n2v9SrDVCXMTqhX9tlT3FnBeLujB3UtbV2IR8TVmxXpPEKWMaAz6JzMqzLEe4WKzH\nK2FzYKNmD5BLdeP+/cbYBo0bS30adUIjBZezrZBJfZtYoBzX4q3CHsB1lfMF8EPD\neYKyG+/IZ2ECwOtwMVDkvQex7KI7AoPQD7InhCIbf129cfU1zx1hFb2Fk1HXGDl9\nWLPHR3Oe3J2z/KZqrYD3mODwWujUzgEuxeCVWZu33ZXrR2JbTaQwXc3F77aIZO6q\nFNkHpk+R2/0cA1GvZIkCAwEAATANBgkqhkiG9w0BAQsFAAOCAQEAdyvPC+YRvMlf\neI09/bg15+TG604nfqvIs19YUPEJDHToNrIkMdmRV+gakLsuha8G+fDJJJeft03S\nRXVrUFFJ7rVNqyre3afRYNZOYXH27lnmglk1qBxtIT/8hlvTQksLObkx+vD3HHag\nNEocCJm0WJc1oUfSInRxC2sfTgHIuZrQ3BHM15jvLyGKtHx9TCbVBbwE7I4Y20CT\ns569GiTmLN4UlbaGZuvmMrn6AcGnrL/3E5CyyFs3vPLZBJe+nJfWZ0TI9ayEP6yo\n7mk/KcKq6K8P6xMCFNegwGFGC/Ju+6sJTHmZ3uzZqZjdYxuWuZEKruWcBeyorod+\n3sYfk6G0dA==\n-----END CERTIFICATE-----",
    ],
    [
        r#"{"kty": "EC", "crv": "P-256", "x": "GgSVM9Qdkhzk5DzrGyWMSn2CPxr3oMoywxmLTDMiJm0", "y": "Rm5iSAo934jSLz_mh81D598y_-gx-CYO4LD3wJA-p-w"}"#,
        "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGgSVM9Qdkhzk5DzrGyWMSn2CPxr3\noMoywxmLTDMiJm1GbmJICj3fiNIvP+aHzUPn3zL/6DH4Jg7gsPfAkD6n7A==\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIBFzCBvaADAgECAgEBMAoGCCqGSM49BAMCMBUxEzARBgNVBAMMCmlkLmV4YW1w\nbGUwHhcNMDEwMTAxMDAwMDAwWhcNMDIwMTAxMDAwMDAwWjAVMRMwEQYDVQQDDApp\nZC5leGFtcGxlMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEGgSVM9Qdkhzk5Dzr\nGyWMSn2CPxr3oMoywxmLTDMiJm1GbmJICj3fiNIvP+aHzUPn3zL/6DH4Jg7gsPfA\nkD6n7DAKBggqhkjOPQQDAgNJADBGAiEAgqaTD+55T5WM5er5Yge8zFQktSPES/Ac\nyboMprzdbQ8CIQCScIYoPwQ8kfKXIK3OwyP3wbBUAFZvNDhTC8yDo4tKLg==\n-----END CERTIFICATE-----",
    ],
    [
        r#"{"kty": "EC", "crv": "P-384", "x": "zN30POLAJ5_jvo8N-qivn104Ttz7h9lHq4mJ1QFCpahnB0-cJFrbBR0OC4p4Zh4b", "y": "XRa4S07GhntKQ2nEMCsH20cH202Lbt5ZWxWql1fNb7wBnJ8MMDGqYnRbZkQoPqRZ"}"#,
        "-----BEGIN PUBLIC KEY-----\nMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEzN30POLAJ5/jvo8N+qivn104Ttz7h9lH\nq4mJ1QFCpahnB0+cJFrbBR0OC4p4Zh4bXRa4S07GhntKQ2nEMCsH20cH202Lbt5Z\nWxWql1fNb7wBnJ8MMDGqYnRbZkQoPqRZ\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIIBUzCB2qADAgECAgEBMAoGCCqGSM49BAMCMBUxEzARBgNVBAMMCmlkLmV4YW1w\nbGUwHhcNMDEwMTAxMDAwMDAwWhcNMDIwMTAxMDAwMDAwWjAVMRMwEQYDVQQDDApp\nZC5leGFtcGxlMHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEzN30POLAJ5/jvo8N+qiv\nn104Ttz7h9lHq4mJ1QFCpahnB0+cJFrbBR0OC4p4Zh4bXRa4S07GhntKQ2nEMCsH\n20cH202Lbt5ZWxWql1fNb7wBnJ8MMDGqYnRbZkQoPqRZMAoGCCqGSM49BAMCA2gA\nMGUCMQCeu586yu5Nt2bHVFqUu259yFwp+8AQLIFtDI+FKAjtsXjIo/XK2ZGZd9op\nu2Cv5HoCMAuGEgPRLv/TZ8SceeJKh44C4ptSFi2bLKXTyAvxcEBXSkPRaOxqptfT\nXuBs4bVNiw==\n-----END CERTIFICATE-----",
    ],
    [
        r#"{"kty": "OKP", "crv": "Ed25519", "x": "oPGKjE2HrwqaWL8wsCnhfUbShIsJx6CmQ7sYCzlGsFI"}"#,
        "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAoPGKjE2HrwqaWL8wsCnhfUbShIsJx6CmQ7sYCzlGsFI=\n-----END PUBLIC KEY-----",
        "-----BEGIN CERTIFICATE-----\nMIHWMIGJoAMCAQICAQEwBQYDK2VwMBUxEzARBgNVBAMMCmlkLmV4YW1wbGUwHhcN\nMDEwMTAxMDAwMDAwWhcNMDIwMTAxMDAwMDAwWjAVMRMwEQYDVQQDDAppZC5leGFt\ncGxlMCowBQYDK2VwAyEAoPGKjE2HrwqaWL8wsCnhfUbShIsJx6CmQ7sYCzlGsFIw\nBQYDK2VwA0EAGRILf70mJX35ozxET8obEUCIOAgpn8q+QlCLc9fmGFArE++6qsM7\n1GqLirdmUmkYhX6PxpHW10XY9pYjHOqhCA==\n-----END CERTIFICATE-----",
    ],
];
