use super::*;

const FILE: &str = "order_ttl = \"90s\"\nworkers = 3\ntrusted_proxies = [\"10.0.0.0/8\", \"::1\"]\n\
    stripe_return_url = \"https://shop.example/paid\"\ncors_origins = \"https://shop.example\"\n\
    smtp_from = \"Shop <shop@shop.example>\"\ntrace_sample = 1\n";

#[test]
fn each_value_says_where_it_comes_from() {
    let environment = [("IDEM_ORDER_TTL", "2m"), ("IDEM_JWT_SECRET", JWT), ("IDEM_PUBLIC_URL", "")];
    let shown = read(FILE, &environment).unwrap().to_annotated_toml();
    for line in [
        "order_ttl = \"2m\"  # environment",
        "workers = 3  # file",
        "bcrypt_cost = 10  # default",
        "# jwt_secret = \"(hidden)\"  # environment",
        "# redis_url = \"(none)\"  # default",
        "trusted_proxies = \"10.0.0.0/8,::1/128\"  # file",
    ] {
        assert!(shown.lines().any(|it| it == line), "{line} in {shown}");
    }
}

#[test]
fn what_is_printed_leads_to_the_same_configuration() {
    let secrets = [
        ("IDEM_JWT_SECRET", JWT),
        ("IDEM_DATABASE_URL", "mysql://idem:hunter2@db:3306/shop"),
        ("IDEM_STRIPE_API_KEY", "sk_test_hunter2"),
        ("IDEM_SMTP_URL", "smtps://shop:hunter2@mail.example"),
    ];
    for secrets in [&secrets[..], &[]] {
        let settings =
            [("IDEM_LOG_FORMAT", "json"), ("IDEM_CLOCK_OFFSET", "-8s"), ("IDEM_LOG", "info,api=debug")];
        let all: Vec<_> = secrets.iter().chain(&settings).copied().collect();
        let first = read(FILE, &all).unwrap();
        let printed = first.to_annotated_toml();
        assert!(!printed.contains("hunter2"), "{printed}");
        let again = read(&printed, secrets).unwrap();
        assert_eq!(again.to_redacted_toml(), first.to_redacted_toml());
        assert_eq!(again.policy, first.policy);
    }
}

#[test]
fn a_name_that_is_nearly_right_leads_to_the_right_one() {
    for (wrong, right) in [
        ("ordr_ttl", "order_ttl"),
        ("http_adress", "http_addr"),
        ("redis", "redis_url"),
        ("stripe_key", "stripe_api_key"),
        ("tls_certificate", "tls_cert"),
        ("smtp_form", "smtp_from"),
        ("login_failure_per_account", "login_failures_per_account"),
    ] {
        let told = fault("", &[(&format!("IDEM_{}", wrong.to_uppercase()), "nonsense")]);
        let hint = format!("; is it {right} (IDEM_{})?", right.to_uppercase());
        assert!(told.ends_with(&hint) && !told.contains("nonsense"), "{told}");
    }
    assert!(fault("", &[("IDEM_QQQ", "1")]).ends_with("there is no such key"), "nothing is near");
}
