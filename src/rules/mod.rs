//! The list of rules: one word each. A rule is one file; its documentation page is written by the documentation test.

use crate::rule::Rule;

macro_rules! rules {
    ($($name:ident)*) => {
        $(mod $name;)*

        /// Every rule, in the order in which their findings are told where nothing else orders them.
        pub static ALL: &[&Rule] = &[$(&$name::RULE),*];
    };
}

rules! {
    browser_internal_name
    build_and_image
    carriage_return_in_value
    command_cut_off
    comment_as_value
    conflicting_attributes
    cors_origins
    default_bridge_name
    default_secret
    dependency_cycle
    depends_on_order
    duplicate_env_key
    duplicate_key
    eaten_dollar
    env_file_crlf
    env_file_portability
    env_file_syntax
    env_value_overridden
    exposed_port
    extra_hosts_value
    gpu_reservation
    hard_coded_gateway
    healthcheck_ipv6_localhost
    healthcheck_missing_tool
    healthy_dependency_without_healthcheck
    host_firewall
    host_listens_on_loopback
    host_mode_docker_desktop
    host_mode_ports
    host_mode_service_name
    host_port_taken
    internal_network
    invalid_template
    invalid_value
    loopback_proxy
    loopback_url
    memory_limit
    missing_api_key
    missing_env_file
    missing_host_gateway
    missing_image
    misread_value
    misspelt_host_name
    mount_source_missing
    network_mode_conflict
    nginx_buffering
    no_shared_network
    obsolete_version_key
    port_quoting
    ports_order
    profile_not_enabled
    project_name_missing
    proxy_without_no_proxy
    public_url_port_mismatch
    published_port_between_services
    quotes_in_list
    secret_drift
    renamed_variable
    server_listens_on_loopback
    service_key_order
    service_via_host
    services_order
    several_compose_files
    shared_namespace_conflict
    startup_order
    sysctl_not_namespaced
    top_level_order
    undefined_reference
    unknown_key
    unknown_service_name
    unread_env_line
    unreadable_file
    unset_variable
    unused_anchor
    unused_ignore
    unused_resource
    url_extra_path
    url_missing_scheme
    url_missing_v1
    url_trailing_slash
    volume_quoting
    wildcard_as_target
    wrong_container_port
    yaml_syntax
}

/// The rule of an id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|r| r.id == id)
}
