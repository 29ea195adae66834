package sqlstore

import "github.com/poolhouse/poolhouse/internal/keyring"

// A backupTable says how one table stands in an export: as records of a kind,
// with its columns as fields.
type backupTable struct {
	kind, name string
	columns    []backupColumn
	only       string // SQL condition of the rows that are written; empty for all
	onRequest  bool   // written where BackupOptions.Audit asks for it
}

// backupTables are all tables of an export, each after those that it refers to.
var backupTables = []backupTable{
	table("key", "keys", texts("id", "scope", "algorithm", "state"), numbers("created", "not_after", "sign_from"),
		sealed(blobs("material"), "keys", "id", "algorithm", "scope")).where("scope <> '" + keyring.CanaryScope + "'"),

	table("user_pool", "userpool_pools", texts("id", "domain", "custom_domain", "attribute_keys"), numbers("case_sensitive"),
		docs("alias_attributes", "username_attributes", "doc"), sealed(texts("source_secret"), "userpool_pools/source_secret", "id")),
	table("app_client", "userpool_clients", texts("id", "pool"), docs("doc"),
		sealed(texts("secret"), "userpool_clients/secret", "pool", "id")),
	table("resource_server", "userpool_resource_servers", texts("pool", "identifier"), docs("doc")),
	table("user", "userpool_users", texts("pool", "username", "sub", "status", "password"),
		numbers("seq", "enabled", "created", "modified", "signed_out", "password_changed"),
		docs("attributes", "password_history", "mfa"), blobs("srp_salt"),
		sealed(blobs("srp_verifier"), "userpool_users/srp_verifier", "pool", "sub"),
		sealed(docs("mfa_secrets"), "userpool_users/mfa_secrets", "pool", "sub")),
	table("attribute_erasure", "userpool_erasures", texts("pool", "key"), numbers("after")),
	table("user_name", "userpool_names", texts("pool", "value", "kind"), numbers("owner")),
	table("user_index", "userpool_index", texts("pool", "attribute", "value"), numbers("owner")),
	table("group", "userpool_groups", texts("pool", "name"), numbers("precedence"), docs("doc")),
	table("membership", "userpool_members", texts("pool", "name", "source"), numbers("owner")),
	table("refresh_token", "userpool_families", texts("pool", "id"),
		numbers("expires", "revoked", "generation", "rotated"), docs("doc")),
	table("device", "userpool_devices", texts("pool", "key", "sub"), numbers("owner"), docs("doc"),
		sealed(docs("secret"), "userpool_devices/secret", "pool", "sub", "key")),
	table("passkey", "userpool_passkeys", texts("pool", "id", "sub"), numbers("owner"), docs("doc")),
	table("recovery_code", "userpool_recovery_codes", texts("pool", "sub"), numbers("owner"), blobs("hash")),
	table("consent", "idp_consents", texts("pool", "sub", "client"), numbers("owner", "given", "modified"), docs("doc")),
	table("branding", "userpool_branding", texts("pool", "id", "client"), docs("doc")),
	table("ui_customization", "userpool_ui", texts("pool", "client", "owner"), docs("doc")),
	table("image", "userpool_images", texts("pool", "hash", "record", "client", "type"), blobs("body")),
	table("terms", "userpool_terms", texts("pool", "id", "client", "name"), docs("doc")),
	table("identity_provider", "userpool_providers", texts("pool", "name"), docs("doc"),
		sealed(docs("details"), "userpool_providers/details", "pool", "name")),
	table("identity_provider_name", "userpool_provider_identifiers", texts("pool", "identifier", "provider")),
	table("linked_identity", "userpool_identities", texts("pool", "provider", "attribute", "value"), numbers("owner"), docs("doc")),

	table("risk_configuration", "userpool_risks", texts("pool", "client", "owner"), docs("doc")),
	table("habits", "userpool_habits", texts("pool", "sub"), numbers("owner"), docs("doc")),
	table("sign_in_event", "userpool_events", texts("pool", "sub", "place", "id"), numbers("owner", "created"), docs("doc")),
	table("rate_limit", "userpool_limits", texts("category"), numbers("per_second")),

	table("saml_app", "saml_applications", texts("pool", "id", "entity_id"), numbers("created", "modified", "due"), docs("doc")),
	table("saml_pool", "saml_pools", texts("pool"), docs("doc")),
	table("saml_name", "saml_names", texts("pool", "app", "sub"), numbers("owner")),

	table("role", "sts_roles", texts("account", "name"), docs("entity")),
	table("iam_user", "sts_users", texts("account", "name"), docs("entity")),
	table("access_key", "sts_access_keys", texts("account", "name"),
		sealed(docs("entity"), "sts_access_keys", "account", "name")),
	table("policy", "sts_policies", texts("account", "name"), docs("entity")),
	table("saml_provider", "sts_saml_providers", texts("account", "name"), docs("entity")),
	table("oidc_provider", "sts_oidc_providers", texts("account", "name"), docs("entity")),
	table("saml_key", "sts_saml_keys", texts("account", "name"),
		sealed(docs("entity"), "sts_saml_keys", "account", "name")),
	table("last_used", "sts_last_used", texts("account", "id", "service", "region"), numbers("used")),
	table("account_settings", "sts_settings", texts("account", "name"), docs("entity")),
	table("mfa_device", "sts_mfa_devices", texts("account", "name"),
		sealed(docs("entity"), "sts_mfa_devices", "account", "name")),

	table("identity_pool", "identity_pool", texts("id"), numbers("deleted"), docs("data")),
	table("identity", "identity", texts("id", "pool", "merged_into"), numbers("disabled", "created", "modified")),
	table("identity_login", "identity_login", texts("pool", "provider", "subject", "identity"), numbers("developer")),
	table("identity_merge", "identity_merges", texts("identity"), numbers("due")),

	table("sync_settings", "sync_settings", texts("pool"), docs("doc"), flags("publishing"), numbers("held")),
	table("dataset", "datasets", texts("pool", "identity", "name", "epoch", "gaps"),
		numbers("sync_count", "created", "modified", "bytes", "records", "keys", "deleted_at"), blobs("modified_by"), flags("deleted")),
	table("dataset_record", "dataset_records", texts("pool", "identity", "dataset"),
		numbers("position", "modified", "device_modified"), blobs("key", "value", "modified_by", "fingerprint"), flags("removed")),

	table("dataset_generation", "dataset_generations", texts("id"), numbers("base", "began")),

	table("sync_usage", "sync_usage", texts("pool"), numbers("sessions", "bytes", "modified")),
	table("sync_device", "sync_devices", texts("pool", "identity", "id", "platform", "token_hash", "endpoint"), numbers("registered"),
		sealed(blobs("token"), "sync_devices/token", "pool", "identity", "id")),
	table("sync_subscription", "sync_subscriptions", texts("pool", "identity", "dataset", "id")),

	table("audit", "audit", texts("segment", "event_id", "source", "name", "user_name", "access_key", "read_only", "record"),
		numbers("seq", "time"), blobs("prev", "hash")).whenAsked(),
	table("audit_segment", "audit_segments", texts("segment"), numbers("seq", "marked", "alive"), blobs("hash")).whenAsked(),
	table("audit_checkpoint", "audit_checkpoints", texts("jws"), numbers("number")).whenAsked(),
	table("audit_intent", "audit_intents", texts("id", "record"), numbers("time")).whenAsked(),
	table("audit_term", "audit_terms", texts("term", "segment"), numbers("time", "seq")).whenAsked(),
}

// backupLeftOut are the tables that no export has, and why. A database with
// rows in them is not empty all the same.
var backupLeftOut = map[string]string{
	"dataset_fences": "which Redis the copies are of; a restored one is copied anew",
	"ephemeral":      "codes, challenges and counters live for minutes",
	"idp_sessions":   "browsers sign in again",
	"idp_grants":     "authorization codes live for minutes",

	"settings_stamp": "it says that settings changed, not to what",

	"idp_participants": "they belong to idp_sessions",
	"idp_farewells":    "messages that wait",
	"sync_pushes":      "messages that wait",

	"dataset_ends": "they hold off requests that are under way",

	"audit_cursors": "where the sinks of one server are",

	"dataset_log": "devices that follow it list their datasets anew",

	"outbox": "messages that wait carry codes that are left out",

	"sync_stream_outbox": "records on their way to streams; a bulk publish sends all of them",

	"userpool_search_backlog": "what users are searched by follows from them, and is made anew",

	"userpool_saml_sources": "what is named by URL is fetched anew",

	"userpool_imports":         "jobs belong to the server that runs them; the users they made are exported",
	"userpool_import_chunks":   "see userpool_imports",
	"userpool_import_failures": "see userpool_imports",
}

func table(kind, name string, columns ...[]backupColumn) backupTable {
	t := backupTable{kind: kind, name: name}
	for _, group := range columns {
		t.columns = append(t.columns, group...)
	}
	return t
}

func (t backupTable) where(condition string) backupTable {
	t.only = condition
	return t
}

func (t backupTable) whenAsked() backupTable {
	t.onRequest = true
	return t
}

// backupTableOf returns the table of a kind of records, or nil.
func backupTableOf(kind string) *backupTable {
	for i := range backupTables {
		if backupTables[i].kind == kind {
			return &backupTables[i]
		}
	}
	return nil
}
