//! What the author of a channel plugin uses: a safe trait, an export macro, a host to test with.
