use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::config::{BearerSettings, JwksPace, JwksSource};

const SECRET: &str = "s3cret-with-the-32-bytes-it-needs";
const ISSUER: &str = "https://issuer.example/";
const AUDIENCE: &str = "https://ops.example/mcp";

const RSA: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/rsa.pem"));
const RSA_NEXT: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/keys/rsa-next.pem"
));
const P256: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/p256.pem"));
const P384: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/p384.pem"));
const ED25519: &[u8] = include_bytes!(concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/keys/ed25519.pem"
));

fn key(algorithm: Algorithm) -> EncodingKey {
    match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
            EncodingKey::from_secret(SECRET.as_bytes())
        }
        Algorithm::ES256 => EncodingKey::from_ec_pem(P256).unwrap(),
        Algorithm::ES384 => EncodingKey::from_ec_pem(P384).unwrap(),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(ED25519).unwrap(),
        _ => EncodingKey::from_rsa_pem(RSA).unwrap(),
    }
}

fn jwk(id: Option<&str>, key: &EncodingKey, algorithm: Algorithm) -> Value {
    let mut jwk = Jwk::from_encoding_key(key, algorithm).unwrap();
    jwk.common.key_id = id.map(str::to_owned);
    serde_json::to_value(jwk).unwrap()
}

/// A key of each kind, and some that are of no use.
fn published() -> Vec<Value> {
    let with = |id: &str, algorithm| jwk(Some(id), &key(algorithm), algorithm);
    let mut any_rsa = with("rsa", Algorithm::RS256);
    any_rsa.as_object_mut().unwrap().remove("alg");
    let mut encryption = with("encryption", Algorithm::RS256);
    encryption["use"] = json!("enc");
    vec![
        any_rsa,
        with("rs256", Algorithm::RS256),
        with("p256", Algorithm::ES256),
        with("p384", Algorithm::ES384),
        with("ed25519", Algorithm::EdDSA),
        with("shared", Algorithm::HS256),
        encryption,
        json!({"kty": "EC", "crv": "secp256k1", "kid": "odd", "x": "AA", "y": "AA"}),
        json!({"kty": "RSA"}),
        json!("no key"),
    ]
}

fn now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap().as_secs()
}

/// The claims of a token that is taken.
fn claims() -> Value {
    json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "alice",
        "exp": now() + 300,
        "scope": "openstack:read",
    })
}

/// The same but for one claim; null leaves it out.
fn claims_but(name: &str, value: Value) -> Value {
    let mut claims = claims();
    match value {
        Value::Null => drop(claims.as_object_mut().unwrap().remove(name)),
        value => claims[name] = value,
    }
    claims
}

/// Signs whatever the header says.
fn signed(header: &str, claims: &str, key: &EncodingKey, algorithm: Algorithm) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = jsonwebtoken::crypto::sign(message.as_bytes(), key, algorithm).unwrap();
    format!("{message}.{signature}")
}

fn with_header(header: Value, algorithm: Algorithm) -> String {
    let claims = claims().to_string();
    signed(&header.to_string(), &claims, &key(algorithm), algorithm)
}

/// A token by the published RSA key.
fn token(claims: &Value) -> String {
    let header = json!({"alg": "RS256", "typ": "JWT", "kid": "rsa"}).to_string();
    let algorithm = Algorithm::RS256;
    signed(&header, &claims.to_string(), &key(algorithm), algorithm)
}

/// An authenticator, and the file where its keys are published.
struct Door {
    folder: TempDir,
    authenticator: Authenticator,
}

impl Door {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(change: impl FnOnce(&mut BearerSettings)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        write(&path, &json!({"keys": published()}).to_string());
        let mut settings = BearerSettings {
            secret: Some(SECRET.into()),
            jwks: Some(JwksSource::File(path)),
            issuer: Some(ISSUER.to_owned()),
            audience: Some(AUDIENCE.to_owned()),
            pace: JwksPace::default(),
        };
        change(&mut settings);
        Self {
            authenticator: authenticator(settings).unwrap(),
            folder,
        }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("jwks.json")
    }

    async fn knock(&self, token: &str) -> Result<Caller, Refusal> {
        knock(&self.authenticator, &[&format!("Bearer {token}")]).await
    }

    async fn refused(&self, token: &str) -> Refusal {
        self.knock(token).await.unwrap_err()
    }
}

fn write(path: &std::path::Path, text: &str) {
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn authenticator(settings: BearerSettings) -> crate::Result<Authenticator> {
    let clouds = ["paris", "paris/RegionTwo", "oslo"].map(str::to_owned);
    Authenticator::new(&RemoteAuth::Bearer(settings), clouds.to_vec())
}

async fn knock(authenticator: &Authenticator, values: &[&str]) -> Result<Caller, Refusal> {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(AUTHORIZATION, HeaderValue::from_str(value).unwrap());
    }
    authenticator.authenticate(&headers).await
}

mod the_secret {
    use super::*;

    async fn authenticate(values: &[&str]) -> Result<Caller, Refusal> {
        let settings = BearerSettings {
            secret: Some("s3cret".into()),
            ..BearerSettings::default()
        };
        knock(&authenticator(settings).unwrap(), values).await
    }

    #[tokio::test]
    async fn its_holder_is_known() {
        assert_eq!(authenticate(&["Bearer s3cret"]).await, Ok(Caller::secret()));
        assert_eq!(
            authenticate(&["bEARER  s3cret "]).await,
            Ok(Caller::secret())
        );
    }

    #[tokio::test]
    async fn everybody_else_is_refused() {
        assert_eq!(authenticate(&[]).await, Err(Refusal::Missing));
        for wrong in ["s3cre", "s3cret1", "S3CRET", "a.b.c", ".."] {
            let header = format!("Bearer {wrong}");
            assert_eq!(authenticate(&[&header]).await, Err(Refusal::Invalid));
        }
        for malformed in [
            "",
            "s3cret",
            "Bearer",
            "Bearer ",
            "Basic s3cret",
            "Bearers3cret",
        ] {
            let refused = authenticate(&[malformed]).await;
            assert_eq!(refused, Err(Refusal::Malformed), "{malformed}");
        }
    }

    #[tokio::test]
    async fn two_headers_are_refused_even_when_one_is_right() {
        let twice = ["Bearer s3cret", "Bearer s3cret"];
        assert_eq!(authenticate(&twice).await, Err(Refusal::Duplicate));
    }

    #[tokio::test]
    async fn without_authentication_everybody_is_anonymous() {
        let open = Authenticator::new(&RemoteAuth::Off, Vec::new()).unwrap();
        let caller = knock(&open, &["Bearer whatever"]).await;
        assert_eq!(caller, Ok(Caller::anonymous()));
    }

    #[tokio::test]
    async fn it_goes_on_beside_tokens() {
        assert_eq!(Door::new().knock(SECRET).await, Ok(Caller::secret()));
    }

    #[tokio::test]
    async fn a_short_one_signs_nothing() {
        let door = Door::with(|settings| settings.secret = Some("s3cret".into()));
        let key = EncodingKey::from_secret(b"s3cret");
        let token = signed(
            r#"{"alg":"HS256"}"#,
            &claims().to_string(),
            &key,
            Algorithm::HS256,
        );
        assert_eq!(door.refused(&token).await, Refusal::Invalid);
        assert_eq!(door.knock("s3cret").await, Ok(Caller::secret()));
    }
}

mod a_token {
    use super::*;

    #[tokio::test]
    async fn of_each_algorithm_is_taken() {
        let door = Door::new();
        for (algorithm, name, id) in [
            (Algorithm::HS256, "HS256", None),
            (Algorithm::HS256, "HS256", Some("whatever")),
            (Algorithm::RS256, "RS256", Some("rsa")),
            (Algorithm::RS256, "RS256", Some("rs256")),
            (Algorithm::RS384, "RS384", Some("rsa")),
            (Algorithm::RS512, "RS512", Some("rsa")),
            (Algorithm::PS256, "PS256", Some("rsa")),
            (Algorithm::ES256, "ES256", Some("p256")),
            (Algorithm::ES384, "ES384", Some("p384")),
            (Algorithm::EdDSA, "EdDSA", Some("ed25519")),
            // Without an id every key that fits is tried.
            (Algorithm::ES256, "ES256", None),
            (Algorithm::RS256, "RS256", None),
        ] {
            let mut header = json!({"alg": name});
            if let Some(id) = id {
                header["kid"] = json!(id);
            }
            let caller = door.knock(&with_header(header, algorithm)).await;
            let caller = caller.unwrap_or_else(|refusal| panic!("{name} {id:?}: {refusal}"));
            assert_eq!(caller.to_string(), "jwt:alice");
        }
    }

    #[tokio::test]
    async fn says_who_is_asking_and_for_how_long() {
        let mut claims = claims_but("exp", json!(now() + 300));
        claims["scp"] = json!(["openstack:write", "email"]);
        let caller = Door::new().knock(&token(&claims)).await.unwrap();
        assert_eq!(
            caller.identity,
            Identity::Token {
                issuer: Some(ISSUER.into()),
                subject: "alice".into(),
            }
        );
        assert_eq!(caller.scopes, Scopes::ALL);
        assert_eq!(caller.clouds.as_deref(), Some(&["paris".to_owned()][..]));
        let left = caller.expires.unwrap().duration_since(SystemTime::now());
        let left = left.unwrap();
        assert!(left > Duration::from_secs(290) && left <= Duration::from_secs(330));
    }

    #[tokio::test]
    async fn carries_the_scopes_it_was_given() {
        let door = Door::new();
        for (name, value, expected) in [
            ("scope", json!("openstack:read"), Some(false)),
            (
                "scope",
                json!("email openstack:read  openstack:write"),
                Some(true),
            ),
            (
                "scope",
                json!(["openstack:read", "openstack:write"]),
                Some(true),
            ),
            (
                "scp",
                json!(["openstack:read", "openstack:write"]),
                Some(true),
            ),
            ("scp", json!("openstack:read openstack:write"), Some(true)),
            ("scope", json!("openstack:write"), None),
            ("scope", json!(""), None),
            (
                "scope",
                json!("openstack:reader OPENSTACK:READ openstack:*"),
                None,
            ),
            ("scope", json!("openstack:read,openstack:write"), None),
            ("scp", json!([]), None),
        ] {
            let mut claims = claims_but("scope", Value::Null);
            claims[name] = value.clone();
            let caller = door.knock(&token(&claims)).await;
            match expected {
                Some(write) => {
                    let scopes = Scopes { read: true, write };
                    assert_eq!(caller.unwrap().scopes, scopes, "{value}");
                }
                None => assert_eq!(caller, Err(Refusal::Scope), "{value}"),
            }
        }
        let none = token(&claims_but("scope", Value::Null));
        assert_eq!(door.refused(&none).await, Refusal::Scope);
    }

    #[tokio::test]
    async fn is_answered_by_the_clouds_it_names() {
        let door = Door::new();
        for (claim, expected) in [
            (Value::Null, &["paris"][..]),
            (json!("oslo"), &["oslo"]),
            (
                json!(["oslo", "paris/RegionTwo"]),
                &["oslo", "paris/RegionTwo"],
            ),
            (json!(["oslo", "oslo", "paris"]), &["oslo", "paris"]),
        ] {
            let token = token(&claims_but("openstack_cloud", claim));
            let clouds = door.knock(&token).await.unwrap().clouds.unwrap();
            assert_eq!(*clouds, *expected);
        }
        for (claim, expected) in [
            (json!("rome"), Refusal::Cloud("rome".to_owned())),
            (json!(["paris", "rome"]), Refusal::Cloud("rome".to_owned())),
            (json!("Paris"), Refusal::Cloud("Paris".to_owned())),
            (json!("paris oslo"), Refusal::Cloud("paris oslo".to_owned())),
            (json!(""), Refusal::Cloud(String::new())),
            (json!("a\nb"), Refusal::Cloud("a\\nb".to_owned())),
            (json!([]), Refusal::NoCloud),
            (json!(7), Refusal::Claims),
            (json!([["paris"]]), Refusal::Claims),
            (json!({"paris": true}), Refusal::Claims),
        ] {
            let token = token(&claims_but("openstack_cloud", claim.clone()));
            assert_eq!(door.refused(&token).await, expected, "{claim}");
        }
    }

    #[tokio::test]
    async fn with_a_claim_that_does_not_hold_is_refused() {
        let door = Door::new();
        let now = now();
        for (name, value, expected) in [
            ("exp", json!(now - 31), Refusal::Expired),
            ("exp", json!(0), Refusal::Expired),
            ("exp", Value::Null, Refusal::Claim("exp")),
            ("exp", json!("soon"), Refusal::Claims),
            ("exp", json!(-1), Refusal::Claim("exp")),
            ("exp", json!(1e300), Refusal::Claim("exp")),
            ("nbf", json!(now + 60), Refusal::Immature),
            ("nbf", json!("now"), Refusal::Claim("nbf")),
            ("iss", json!("https://issuer.example"), Refusal::Issuer),
            ("iss", Value::Null, Refusal::Claim("iss")),
            ("iss", json!([ISSUER]), Refusal::Claims),
            ("aud", json!("https://ops.example"), Refusal::Audience),
            ("aud", json!(["a", "b"]), Refusal::Audience),
            ("aud", json!([]), Refusal::Audience),
            ("aud", Value::Null, Refusal::Claim("aud")),
            ("sub", Value::Null, Refusal::Claim("sub")),
            ("sub", json!(""), Refusal::Claim("sub")),
            ("sub", json!("a\nlevel=INFO"), Refusal::Claim("sub")),
            ("sub", json!("a".repeat(256)), Refusal::Claim("sub")),
            ("sub", json!(7), Refusal::Claims),
            ("scope", json!(7), Refusal::Claims),
        ] {
            let refused = door.refused(&token(&claims_but(name, value.clone()))).await;
            assert_eq!(refused, expected, "{name}: {value}");
        }
        for (name, value) in [
            ("exp", json!(now - 5)),
            ("exp", json!(now as f64 + 60.5)),
            ("nbf", json!(now + 5)),
            ("aud", json!(["else", AUDIENCE])),
            ("iat", json!(now + 1000)),
            ("groups", json!({"any": ["thing"]})),
        ] {
            let taken = door.knock(&token(&claims_but(name, value.clone()))).await;
            assert!(taken.is_ok(), "{name}: {value}: {taken:?}");
        }
    }

    #[tokio::test]
    async fn with_a_claim_twice_is_refused() {
        let claims = claims().to_string();
        for twice in [
            r#"{"sub":"mallory","#,
            r#"{"scope":"openstack:write","#,
            r#"{"exp":99999999999,"#,
            r#"{"openstack_cloud":"oslo","openstack_cloud":"paris","#,
        ] {
            let claims = claims.replacen('{', twice, 1);
            let header = r#"{"alg":"RS256","kid":"rsa"}"#;
            let algorithm = Algorithm::RS256;
            let token = signed(header, &claims, &key(algorithm), algorithm);
            assert_eq!(Door::new().refused(&token).await, Refusal::Claims);
        }
    }

    #[tokio::test]
    async fn is_compared_with_what_is_configured() {
        let door = Door::with(|settings| {
            settings.jwks = None;
            settings.issuer = None;
            settings.audience = None;
        });
        for claims in [
            claims(),
            claims_but("iss", Value::Null),
            claims_but("aud", Value::Null),
        ] {
            let algorithm = Algorithm::HS256;
            let header = r#"{"alg":"HS256"}"#;
            let token = signed(header, &claims.to_string(), &key(algorithm), algorithm);
            assert!(door.knock(&token).await.is_ok(), "{claims}");
        }
        let published = door.refused(&token(&claims())).await;
        assert_eq!(published, Refusal::Invalid);
    }
}

mod a_forgery {
    use super::*;

    #[tokio::test]
    async fn by_another_algorithm_is_refused() {
        let door = Door::new();
        for (header, algorithm) in [
            // Signed with the secret, but not by the one algorithm that it is for.
            (json!({"alg": "HS384"}), Algorithm::HS384),
            (json!({"alg": "HS512"}), Algorithm::HS512),
            // The header says another one than was used, or than the key is for.
            (json!({"alg": "RS256", "kid": "p256"}), Algorithm::RS256),
            (json!({"alg": "ES256", "kid": "rsa"}), Algorithm::ES256),
            (json!({"alg": "RS384", "kid": "rs256"}), Algorithm::RS384),
            (json!({"alg": "ES384", "kid": "p384"}), Algorithm::ES256),
            (json!({"alg": "EdDSA", "kid": "p256"}), Algorithm::EdDSA),
            (json!({"alg": "RS256", "kid": "rsa"}), Algorithm::PS256),
            // A shared key and one for encryption that are published all the same.
            (json!({"alg": "HS384", "kid": "shared"}), Algorithm::HS384),
            (
                json!({"alg": "RS256", "kid": "encryption"}),
                Algorithm::RS256,
            ),
            // Algorithms that there are not.
            (json!({"alg": "none"}), Algorithm::HS256),
            (json!({"alg": "None"}), Algorithm::HS256),
            (json!({"alg": "hs256"}), Algorithm::HS256),
            (json!({"alg": ""}), Algorithm::HS256),
            (json!({"alg": ["HS256"]}), Algorithm::HS256),
            (json!({}), Algorithm::HS256),
        ] {
            let token = with_header(header.clone(), algorithm);
            assert_eq!(door.refused(&token).await, Refusal::Invalid, "{header}");
        }
    }

    #[tokio::test]
    async fn with_a_public_key_as_the_secret_is_refused() {
        let door = Door::new();
        let published = published();
        let document = std::fs::read(door.path()).unwrap();
        let modulus = URL_SAFE_NO_PAD.decode(published[0]["n"].as_str().unwrap());
        let secrets = [
            published[0].to_string().into_bytes(),
            published[0]["n"].as_str().unwrap().as_bytes().to_vec(),
            modulus.unwrap(),
            document,
            Vec::new(),
        ];
        for secret in secrets {
            for header in [
                r#"{"alg":"HS256","kid":"rsa"}"#,
                r#"{"alg":"HS256","kid":"shared"}"#,
                r#"{"alg":"HS256"}"#,
            ] {
                let key = EncodingKey::from_secret(&secret);
                let token = signed(header, &claims().to_string(), &key, Algorithm::HS256);
                assert_eq!(door.refused(&token).await, Refusal::Invalid);
            }
        }
    }

    #[tokio::test]
    async fn that_brings_its_own_key_is_refused() {
        let door = Door::new();
        let own = EncodingKey::from_rsa_pem(RSA_NEXT).unwrap();
        let algorithm = Algorithm::RS256;
        let embedded = jwk(Some("rsa"), &own, algorithm);
        let mut headers = vec![
            json!({"alg": "RS256", "kid": "rsa", "jwk": embedded}),
            json!({"alg": "RS256", "jwk": embedded}),
        ];
        for name in ["jku", "x5u"] {
            let mut header = json!({"alg": "RS256", "kid": "rsa"});
            header[name] = json!("https://mallory.example/jwks.json");
            headers.push(header);
        }
        for header in headers {
            let claims = claims().to_string();
            let token = signed(&header.to_string(), &claims, &own, algorithm);
            assert_eq!(door.refused(&token).await, Refusal::Invalid, "{header}");
            // What is said of keys is not looked at: the right key's signature is enough.
            let token = signed(&header.to_string(), &claims, &key(algorithm), algorithm);
            assert!(door.knock(&token).await.is_ok(), "{header}");
        }
    }

    #[tokio::test]
    async fn with_an_odd_header_is_refused() {
        let door = Door::new();
        for odd in [
            r#""crit":["exp"]"#,
            r#""crit":["b64"],"b64":false"#,
            r#""crit":[]"#,
            r#""zip":"DEF""#,
            r#""enc":"A128GCM""#,
            r#""typ":"logout+jwt""#,
            r#""typ":"dpop+jwt""#,
            r#""alg":"RS256""#,
            r#""kid":"p256""#,
            r#""kid":7"#,
        ] {
            let header = format!(r#"{{"alg":"RS256","kid":"rsa",{odd}}}"#);
            let claims = claims().to_string();
            let algorithm = Algorithm::RS256;
            let token = signed(&header, &claims, &key(algorithm), algorithm);
            assert_eq!(door.refused(&token).await, Refusal::Invalid, "{odd}");
        }
        for kind in ["JWT", "jwt", "at+jwt", "application/at+JWT"] {
            let header = json!({"alg": "RS256", "kid": "rsa", "typ": kind});
            let taken = door.knock(&with_header(header, Algorithm::RS256)).await;
            assert!(taken.is_ok(), "{kind}: {taken:?}");
        }
    }

    #[tokio::test]
    async fn of_another_shape_is_refused() {
        let door = Door::new();
        let good = token(&claims());
        let parts: Vec<_> = good.split('.').collect();
        let (header, payload, signature) = (parts[0], parts[1], parts[2]);
        let other = URL_SAFE_NO_PAD.encode(claims_but("sub", json!("root")).to_string());
        for bad in [
            format!("{header}.{payload}."),
            format!("{header}.{payload}"),
            format!("{header}.{other}.{signature}"),
            format!("{header}.{payload}.{signature}="),
            format!("{header}.{payload}.{signature}.{signature}"),
            format!(".{good}"),
            format!("{header}.{payload}.{}", &signature[1..]),
            format!("{header} .{payload}.{signature}"),
            format!("{}.{payload}.{signature}", "e30"),
            format!("{}.{payload}.{signature}", "bnVsbA"),
            "..".to_owned(),
            "a.b.c".to_owned(),
            json!({"payload": payload, "signatures": [{"protected": header}]}).to_string(),
        ] {
            assert_eq!(door.refused(&bad).await, Refusal::Invalid, "{bad}");
        }
        let huge = token(&claims_but("groups", json!("x".repeat(MAX_TOKEN_BYTES))));
        assert_eq!(door.refused(&huge).await, Refusal::TooLong);
        let large = token(&claims_but("groups", json!("x".repeat(8 * 1024))));
        assert!(door.knock(&large).await.is_ok());
    }
}

mod a_published_set {
    use super::*;

    /// A token by the next key.
    fn next_token(id: &str) -> String {
        let header = json!({"alg": "RS256", "kid": id}).to_string();
        let next = EncodingKey::from_rsa_pem(RSA_NEXT).unwrap();
        signed(&header, &claims().to_string(), &next, Algorithm::RS256)
    }

    fn next_set(id: Option<&str>) -> String {
        let next = EncodingKey::from_rsa_pem(RSA_NEXT).unwrap();
        json!({"keys": [jwk(id, &next, Algorithm::RS256)]}).to_string()
    }

    /// A door that looks at its file as often as it may.
    fn door(pause: Duration, lifetime: Duration) -> Door {
        let mut door = Door::new();
        let settings = BearerSettings {
            jwks: Some(JwksSource::File(door.path())),
            issuer: Some(ISSUER.to_owned()),
            audience: Some(AUDIENCE.to_owned()),
            pace: JwksPace { pause, lifetime },
            secret: None,
        };
        door.authenticator = authenticator(settings).unwrap();
        door
    }

    const LONG: Duration = Duration::from_secs(3600);

    #[tokio::test]
    async fn is_read_again_for_an_unknown_key() {
        let door = door(Duration::ZERO, LONG);
        assert_eq!(door.refused(&next_token("next")).await, Refusal::Invalid);
        write(&door.path(), &next_set(Some("next")));
        assert!(door.knock(&token(&claims())).await.is_ok());
        assert!(door.knock(&next_token("next")).await.is_ok());
        assert_eq!(door.refused(&token(&claims())).await, Refusal::Invalid);
    }

    #[tokio::test]
    async fn is_read_again_for_a_key_without_an_id() {
        let door = door(Duration::ZERO, LONG);
        let header = r#"{"alg":"RS256"}"#;
        let next = EncodingKey::from_rsa_pem(RSA_NEXT).unwrap();
        let token = signed(header, &claims().to_string(), &next, Algorithm::RS256);
        assert_eq!(door.refused(&token).await, Refusal::Invalid);
        write(&door.path(), &next_set(None));
        assert!(door.knock(&token).await.is_ok());
    }

    #[tokio::test]
    async fn is_not_read_too_often() {
        let door = door(LONG, LONG);
        // The first stranger makes it look, the others do not.
        assert_eq!(door.refused(&next_token("a")).await, Refusal::Invalid);
        write(&door.path(), &next_set(Some("next")));
        assert_eq!(door.refused(&next_token("next")).await, Refusal::Invalid);
        assert!(door.knock(&token(&claims())).await.is_ok());
    }

    #[tokio::test]
    async fn that_is_old_is_read_again() {
        let door = door(Duration::ZERO, Duration::ZERO);
        write(&door.path(), &next_set(Some("next")));
        // The key that was withdrawn is known until the file has been looked at.
        for _ in 0..200 {
            if door.knock(&token(&claims())).await == Err(Refusal::Invalid) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the old key is still taken");
    }

    #[tokio::test]
    async fn that_is_spoilt_leaves_the_last_good_one() {
        let door = door(Duration::ZERO, LONG);
        for spoilt in [
            "",
            "{",
            "[]",
            r#"{"keys": []}"#,
            r#"{"keys": {}}"#,
            r#"{"keys": [{"kty": "oct", "k": "AAAA"}]}"#,
            &"x".repeat(300 * 1024),
        ] {
            write(&door.path(), spoilt);
            assert_eq!(door.refused(&next_token("next")).await, Refusal::Invalid);
            assert!(door.knock(&token(&claims())).await.is_ok());
        }
        std::fs::remove_file(door.path()).unwrap();
        assert_eq!(door.refused(&next_token("next")).await, Refusal::Invalid);
        assert!(door.knock(&token(&claims())).await.is_ok());
    }

    #[test]
    fn that_cannot_be_read_is_refused_at_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwks.json");
        for text in [None, Some("{}"), Some(r#"{"keys": []}"#)] {
            if let Some(text) = text {
                write(&path, text);
            }
            let settings = BearerSettings {
                jwks: Some(JwksSource::File(path.clone())),
                ..BearerSettings::default()
            };
            let refused = authenticator(settings).err().unwrap();
            assert!(refused.to_string().contains("JWT_JWKS"), "{refused}");
        }
    }
}
