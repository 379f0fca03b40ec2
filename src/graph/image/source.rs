//! Where an image's data come from: a URL that Glance fetches, or a file on this machine.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use url::Url;

use crate::graph::mutation::Blamed;

/// A URL as it may be shown: without its user, password, query and fragment, any of which may be
/// somebody's key.
pub(in crate::graph) fn shown_url(url: &Url) -> String {
    let mut shown = url.clone();
    // Refused only by URLs that cannot have them.
    let _ = shown.set_username("");
    let _ = shown.set_password(None);
    shown.set_fragment(None);
    if shown.query().is_some() {
        shown.set_query(Some("[removed]"));
    }
    shown.to_string()
}

/// A file that was found below the folder, open.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) file: File,
    pub(super) size_bytes: u64,
}

/// Opens a file below a folder. Neither `..`, nor an absolute path, nor a link leads out of it; and
/// what is not there is told apart from what is elsewhere to nobody.
pub(super) async fn open(folder: PathBuf, name: String) -> Result<Found, Blamed> {
    let opened = {
        let name = name.clone();
        tokio::task::spawn_blocking(move || found(&folder, &name)).await
    };
    let refuse = |reason: &str| {
        let message = format!("`{name}` {reason}");
        Blamed::input(&["input", "sourceFile"], message)
    };
    match opened {
        Ok(Ok(found)) if found.size_bytes == 0 => Err(refuse("is empty")),
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) if error.kind() == io::ErrorKind::PermissionDenied => {
            Err(refuse("cannot be read by this server"))
        }
        Ok(Err(_)) | Err(_) => Err(refuse(
            "is no file in the folder that IMAGE_SOURCE_DIR names",
        )),
    }
}

fn found(folder: &Path, name: &str) -> io::Result<Found> {
    let outside = || io::Error::from(io::ErrorKind::NotFound);
    let folder = folder.canonicalize()?;
    let path = folder.join(name).canonicalize().map_err(|_| outside())?;
    if !path.starts_with(&folder) || !path.metadata()?.is_file() {
        return Err(outside());
    }
    let file = File::open(&path)?;
    let metadata = file.metadata()?;
    // Whoever writes in the folder may have put a link in the way since it was looked at.
    if path.canonicalize()? != path || !is_at(&metadata, &path)? || !metadata.is_file() {
        return Err(outside());
    }
    Ok(Found {
        size_bytes: metadata.len(),
        file,
    })
}

/// Whether what was opened is what stands at the path, and no link does.
#[cfg(unix)]
fn is_at(opened: &std::fs::Metadata, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt;
    let there = path.symlink_metadata()?;
    Ok((there.dev(), there.ino()) == (opened.dev(), opened.ino()))
}

#[cfg(not(unix))]
fn is_at(opened: &std::fs::Metadata, path: &Path) -> io::Result<bool> {
    let there = path.symlink_metadata()?;
    Ok(there.is_file() && there.len() == opened.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_shown_without_what_may_be_a_key() {
        let shown = |url: &str| shown_url(&Url::parse(url).unwrap());
        assert_eq!(
            shown("https://user:pass@host/image.qcow2?sig=secret#part"),
            "https://host/image.qcow2?[removed]"
        );
        assert_eq!(shown("http://host/a"), "http://host/a");
    }

    #[cfg(unix)]
    #[test]
    fn no_path_leads_out_of_the_folder() {
        use std::fs;
        use std::os::unix::fs::symlink;

        let outer = std::env::temp_dir().join(format!("images-{}", uuid::Uuid::new_v4()));
        let folder = outer.join("images");
        fs::create_dir_all(folder.join("below")).unwrap();
        fs::write(outer.join("secret"), "s").unwrap();
        fs::write(folder.join("below/image"), "data").unwrap();
        symlink(outer.join("secret"), folder.join("link")).unwrap();
        symlink(&outer, folder.join("up")).unwrap();
        symlink("below/image", folder.join("inner")).unwrap();
        assert_eq!(found(&folder, "below/image").unwrap().size_bytes, 4);
        assert_eq!(found(&folder, "inner").unwrap().size_bytes, 4);
        assert!(found(&folder, "./below/../inner").is_ok());
        let absolute = outer.join("secret");
        for name in [
            "../secret",
            "below/../../secret",
            "link",
            "up/secret",
            "up/images/../secret",
            absolute.to_str().unwrap(),
            "below",
            "",
            ".",
            "nothing",
            "below/image/",
            "a\0b",
        ] {
            let error = found(&folder, name).unwrap_err();
            assert_ne!(error.kind(), io::ErrorKind::PermissionDenied, "{name}");
        }
        fs::remove_dir_all(&outer).unwrap();
    }
}
