//! The listener with a certificate.

use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::support::House;
use crate::config::{Config, Tls};
use crate::http::listener::{Door, DoorError};

/// Made for these tests, and for nothing else.
const CERT: &str = include_str!("tls/cert.pem");
const KEY: &str = include_str!("tls/key.pem");

fn set(config: &mut Config, mode: u32) {
    let (cert, key) = (config.data.join("cert.pem"), config.data.join("key.pem"));
    std::fs::write(&cert, CERT).expect("written");
    std::fs::write(&key, KEY).expect("written");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(mode)).expect("set");
    config.tls = Some(Tls { cert, key });
}

fn connector() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(CERT.as_bytes()).expect("a certificate")).expect("usable");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("versions");
    TlsConnector::from(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

#[tokio::test(flavor = "multi_thread")]
async fn with_a_certificate_it_speaks_tls() {
    let house = House::with(|config| set(config, 0o600));
    let door = Door::open(&house.app.config).await.expect("a listener");
    assert!(door.is_tls());
    let address = door.address();
    tokio::spawn(door.serve(house.app.clone()));
    let stream = TcpStream::connect(address).await.expect("a connection");
    let name = ServerName::try_from("localhost").expect("a name");
    let mut stream = connector().connect(name, stream).await.expect("TLS");
    stream.write_all(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await.expect("sent");
    let mut answer = String::new();
    timeout(Duration::from_secs(30), stream.read_to_string(&mut answer)).await.expect("in time").expect("whole");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_everybody_can_read_is_refused() {
    let house = House::with(|config| set(config, 0o644));
    let error = Door::open(&house.app.config).await.expect_err("refused");
    assert!(matches!(&error, DoorError::Tls { .. }), "{error}");
    assert!(error.to_string().contains("chmod 600"), "{error}");
}
