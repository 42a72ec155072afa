# Builds the value of CONNECT_TENANTS_SECRET_ARN, {clientKey: {"sharedSecret": …}}, from AddonSettings rows of an
# Atlassian Connect Express app. Run as `jq -n -c -f tools/tenants.jq`; reads rows one by one or as an array, with
# `val` as JSON or, as some databases hold it, as text. Rows without a usable secret are left out.
def client_info: if type == "string" then try (fromjson | client_info) catch null else . end;
def is_client_key: type == "string" and test("^[A-Za-z0-9:._-]{1,128}$");

reduce (
  inputs
  | if type == "array" then .[] else . end
  | select((.key // "clientInfo") == "clientInfo" and (.clientKey | is_client_key))
  | {tenant: .clientKey, info: (.val | client_info)}
  | select((.info | type) == "object" and (.info.sharedSecret | type == "string" and . != ""))
) as {$tenant, $info} ({}; .[$tenant] = {sharedSecret: $info.sharedSecret})
