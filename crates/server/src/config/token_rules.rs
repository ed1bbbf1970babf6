//! Keys for tokens are complete and readable before anybody needs them.

use super::settings::Config;
use super::{Mistake, Sources};
use crate::auth;

pub fn broken(config: &Config, sources: &Sources) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let mut add = |key, text: String| mistakes.push(Mistake::new(sources.of(key).clone(), text));
    let tokens = &config.tokens;
    if !tokens.secret.0.is_empty() && tokens.secret_file.0.is_some() {
        add("tokens.secret", "tokens.secret and tokens.secret_file cannot both be given".into());
    }
    for (key, text) in auth::unfit_keys(tokens) {
        add(key, text);
    }
    mistakes
}
