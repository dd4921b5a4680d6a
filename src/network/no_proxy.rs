//! Which names `NO_PROXY` keeps away from a forward proxy.

/// The items of `NO_PROXY` and `no_proxy`, without what stands for all names below one.
pub fn exempt<'v>(values: impl IntoIterator<Item = &'v str>) -> Vec<String> {
    values
        .into_iter()
        .flat_map(|text| text.split([',', ' ']))
        .map(|item| item.trim().trim_start_matches("*.").trim_start_matches('.').to_lowercase())
        .filter(|item| !item.is_empty())
        .collect()
}

/// Whether calls to a host (in lower case) go past the proxy. How clients read ranges of addresses differs: any range counts for
/// any address.
pub fn covers(exempt: &[String], host: &str) -> bool {
    exempt.iter().any(|item| {
        let bare = item.split(':').next().unwrap_or("");
        item == "*"
            || bare == host
            || host.ends_with(&format!(".{bare}"))
            || (item.contains('/') && host.parse::<std::net::IpAddr>().is_ok())
    })
}
