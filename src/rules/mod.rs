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
    cap_drop_missing
    carriage_return_in_value
    cgroup_parent
    command_cut_off
    comment_as_value
    conflicting_attributes
    control_socket_mounted
    cors_origins
    credential_in_url
    dangerous_capability
    dangerous_device
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
    healthcheck_disabled
    healthcheck_ipv6_localhost
    healthcheck_missing
    healthcheck_missing_tool
    healthcheck_wrong_path
    healthy_dependency_without_healthcheck
    host_firewall
    host_listens_on_loopback
    host_mode_docker_desktop
    host_mode_ports
    host_mode_service_name
    host_namespace
    host_network
    host_port_taken
    image_mutable_tag
    image_without_digest
    insecure_tmpfs_option
    internal_network
    invalid_template
    invalid_value
    literal_credential
    logging_disabled
    loopback_proxy
    loopback_url
    memory_limit
    misread_value
    missing_api_key
    missing_env_file
    missing_host_gateway
    missing_image
    misspelt_host_name
    mount_source_missing
    network_mode_conflict
    nginx_buffering
    nginx_resolver
    nginx_stale_dns
    nginx_timeout
    no_new_privileges_missing
    no_shared_network
    not_for_podman
    not_for_swarm
    obsolete_version_key
    open_files_limit
    pids_limit_missing
    port_on_all_interfaces
    port_quoting
    ports_order
    preflight_header_refused
    privileged
    privileged_port_published
    profile_not_enabled
    project_name_missing
    proxy_without_no_proxy
    public_url_on_localhost
    public_url_port_mismatch
    published_port_between_services
    quotes_in_list
    read_only_missing
    renamed_variable
    resource_limits_missing
    restart_policy_missing
    restart_without_limit
    restarted_job
    root_user
    rootless_low_port
    secret_drift
    security_profile_disabled
    sensitive_host_path
    server_listens_on_loopback
    service_key_order
    service_via_host
    services_order
    several_compose_files
    shared_mount_propagation
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
    volume_shared_between_services
    wildcard_as_target
    wrong_container_port
    yaml_syntax
}

/// What findings can be asked for by: the ids of rules, then their categories.
pub fn names() -> Vec<&'static str> {
    let mut categories: Vec<&str> = ALL.iter().map(|r| r.category.name()).collect();
    categories.sort_unstable();
    categories.dedup();
    ALL.iter().map(|r| r.id).chain(categories).collect()
}

/// The rule of an id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    ALL.iter().copied().find(|r| r.id == id)
}
