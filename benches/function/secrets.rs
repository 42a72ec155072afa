//! Secrets Manager, with the one secret.

use crate::clock::now;
use crate::wire::Wire;
use crate::world::World;
use serde_json::json;
use std::io;

pub const ARN: &str = "arn:aws:secretsmanager:us-east-1:123456789012:secret:gptdock/openai-AbCdEf";

pub fn serve(world: &World, wire: &mut Wire) -> io::Result<()> {
    while let Some(head) = wire.head()? {
        wire.whole_body(&head)?;
        let secret = json!({
            "ARN": ARN,
            "Name": "gptdock/openai",
            "VersionId": "a1b2c3d4-5678-90ab-cdef-EXAMPLE11111",
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": 1_523_477_145.713,
            "SecretString": r#"{"OPENAI_API_KEY":"sk-bench"}"#,
        });
        world.secret_read.set(now());
        wire.reply("200 OK", "content-type: application/x-amz-json-1.1\r\n", &secret.to_string())?;
    }
    Ok(())
}
