//! TLS by configuration.

use std::path::Path;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::listener::DoorError;
use crate::config::Tls;
use crate::config::secret::is_open;

/// Reads certificate and key.
pub(super) fn acceptor(tls: &Tls) -> Result<TlsAcceptor, DoorError> {
    let wrong = |path: &Path, what: &dyn std::fmt::Display| {
        let key = if path == tls.key { "tls.key" } else { "tls.cert" };
        DoorError::Tls { key, path: path.to_owned(), what: what.to_string() }
    };
    let certificates = CertificateDer::pem_file_iter(&tls.cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| wrong(&tls.cert, &error))?;
    if certificates.is_empty() {
        return Err(wrong(&tls.cert, &"there is no certificate in it"));
    }
    if is_open(&tls.key).map_err(|error| wrong(&tls.key, &error))? {
        return Err(wrong(&tls.key, &"everybody on this machine can read or change it; `chmod 600` it"));
    }
    let key = PrivateKeyDer::from_pem_file(&tls.key).map_err(|error| wrong(&tls.key, &error))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(certificates, key))
        .map_err(|error| wrong(&tls.cert, &error))?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
