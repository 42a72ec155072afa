//! Where AWS is and who we are there. Asked for only when a setting names a secret.

use super::reader::Reader;
use crate::secret::{
    AwsCredentials, AwsEnvironment, AwsKeys, ContainerCredentials, ContainerToken, SecretText,
};

/// What puts the credentials of a profile, of SSO or of a role into the environment: the AWS CLI knows them all.
const EXPORT: &str = r#"eval "$(aws configure export-credentials --format env)""#;

/// The environment of `setting`, which names a secret. Without one, AWS is never asked, and nothing is missing.
pub fn environment(reader: &mut Reader, setting: Option<&str>) -> AwsEnvironment {
    let Some(setting) = setting else { return AwsEnvironment::default() };
    let region = reader.text("AWS_REGION").or_else(|| reader.text("AWS_DEFAULT_REGION"));
    if region.is_none() {
        reader.problem(format!(
            "AWS_REGION is not set (nor AWS_DEFAULT_REGION), but {setting} names a secret that lies in a region"
        ));
    }
    let credentials = keys(reader).map(AwsCredentials::Keys).or_else(|| container(reader));
    if credentials.is_none() && reader.text(URL).is_none() {
        let instead = if setting == super::KEY_SECRET { "set OPENAI_API_KEY instead, or " } else { "" };
        reader.problem(format!(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set, but {setting} names a secret; \
             on a laptop, {instead}export the AWS CLI's credentials: {EXPORT}"
        ));
    }
    let endpoint =
        reader.text("AWS_ENDPOINT_URL_SECRETS_MANAGER").or_else(|| reader.text("AWS_ENDPOINT_URL"));
    AwsEnvironment { region, credentials, endpoint }
}

fn keys(reader: &Reader) -> Option<AwsKeys> {
    let text = |name| reader.text(name).map(SecretText::new);
    Some(AwsKeys {
        access_key_id: text("AWS_ACCESS_KEY_ID")?,
        secret_access_key: text("AWS_SECRET_ACCESS_KEY")?,
        session_token: text("AWS_SESSION_TOKEN"),
    })
}

const URL: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

fn container(reader: &mut Reader) -> Option<AwsCredentials> {
    let file = reader.text("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE").map(ContainerToken::File);
    let text =
        || reader.text("AWS_CONTAINER_AUTHORIZATION_TOKEN").map(SecretText::new).map(ContainerToken::Text);
    let token = file.or_else(text);
    let container = ContainerCredentials::new(&reader.text(URL)?, token);
    if container.is_none() {
        reader.problem(format!(
            "{URL} must be an https URL, or http to a loopback host or to an agent of ECS or EKS"
        ));
    }
    container.map(AwsCredentials::Container)
}

#[cfg(test)]
#[path = "aws_tests.rs"]
mod tests;
