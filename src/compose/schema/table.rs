//! The Compose specification as tables: what each attribute takes. From the specification's JSON schema (`compose-spec.json`), with
//! the value checks that the reference makes when it decodes; measured against docker-compose 2.40.3, attribute by attribute.

use super::Check::{
    Assignment, Boolean, Bytes, ContainerName, Count, Decimal, Duration, Free, Mode, NotNegative, OneOf, PullPolicy,
    Range, Whole,
};
use super::Shape::{Either, List, Map, Object, Scalar, Written};
use super::{Extra, Form, Keys, Kinds, Shape};

const NULL: Kinds = Kinds::NULL;
const BOOL: Kinds = Kinds::BOOL;
const INT: Kinds = Kinds::INT;
const NUMBER: Kinds = Kinds::NUMBER;
const STR: Kinds = Kinds::STR;

// -- kinds that many attributes share --

const TEXT: Shape = Scalar(STR, Free);
const FLAG: Shape = Scalar(BOOL.or(STR), Boolean);
/// A flag whose string is not looked at.
const LOOSE_FLAG: Shape = Scalar(BOOL.or(STR), Free);
const WHOLE: Shape = Scalar(INT.or(STR), Whole);
/// `1.5` passes where the schema says "number": the reference cuts it off.
const ROUNDED: Shape = Scalar(NUMBER.or(STR), Whole);
const DECIMAL: Shape = Scalar(NUMBER.or(STR), Decimal);
const DURATION: Shape = Scalar(STR, Duration);
const BYTES: Shape = Scalar(NUMBER.or(STR), Bytes);
const TEXTS: Shape = List { item: &TEXT, unique: false };
const UNIQUE_TEXTS: Shape = List { item: &TEXT, unique: true };
const TEXT_OR_LIST: Shape = Written(Form::OneOrMany, &Either(&[TEXT, TEXTS]));
const TEXT_OR_NUMBERS: Shape = List { item: &Scalar(NUMBER.or(STR), Free), unique: true };
const OPTIONS: Shape = Map { keys: Keys::Any, value: &Scalar(NUMBER.or(STR), Free) };
const KEYED: Shape = Written(
    Form::Keyed,
    &Either(&[Map { keys: Keys::Any, value: &Scalar(BOOL.or(NULL).or(NUMBER).or(STR), Free) }, TEXTS]),
);
/// The same, of variables.
const VARIABLES: Shape = Written(
    Form::Keyed,
    &Either(&[
        Map { keys: Keys::Any, value: &Scalar(BOOL.or(NULL).or(NUMBER).or(STR), Free) },
        List { item: &Scalar(STR, Assignment), unique: false },
    ]),
);
const EXTRA_HOSTS: Shape =
    Written(Form::Hosts, &Either(&[Map { keys: Keys::Any, value: &Either(&[TEXT, TEXTS]) }, UNIQUE_TEXTS]));
const COMMAND: Shape = Written(Form::Command, &Either(&[Scalar(NULL.or(STR), Free), TEXTS]));
/// Zero is something else than nothing here.
const OPTIONAL_FLAG: Shape = Written(Form::Kept, &FLAG);
const OPTIONAL_WHOLE: Shape = Written(Form::Kept, &WHOLE);
const OPTIONAL_DURATION: Shape = Written(Form::Kept, &DURATION);
const ULIMITS: Shape = Map {
    keys: Keys::Other,
    value: &Either(&[
        WHOLE,
        Object { fields: &[("hard", WHOLE), ("soft", WHOLE)], required: &["soft", "hard"], extra: Extra::Extensions },
    ]),
};
const FILE_MOUNTS: Shape = List {
    item: &Either(&[
        TEXT,
        Object {
            fields: &[
                ("source", TEXT),
                ("target", TEXT),
                ("uid", TEXT),
                ("gid", TEXT),
                ("mode", Scalar(NUMBER.or(STR), Mode)),
            ],
            required: &[],
            extra: Extra::Extensions,
        },
    ]),
    unique: false,
};
const HOOKS: Shape = List { item: &HOOK, unique: false };
const HOOK: Shape = Object {
    fields: &[
        ("command", COMMAND),
        ("user", TEXT),
        ("privileged", FLAG),
        ("working_dir", TEXT),
        ("environment", VARIABLES),
    ],
    required: &["command"],
    extra: Extra::Extensions,
};
const COUNT: Shape = Written(Form::Kept, &Scalar(INT.or(STR), Count));
const DEVICE_FIELDS: &[(&str, Shape)] =
    &[("capabilities", TEXTS), ("count", COUNT), ("device_ids", TEXTS), ("driver", TEXT), ("options", KEYED)];
const EXTERNAL: Shape = Written(
    Form::External,
    &Either(&[FLAG, Object { fields: &[("name", TEXT)], required: &[], extra: Extra::Extensions }]),
);

// -- services --

const BUILD: Shape = Written(
    Form::Build,
    &Either(&[
        TEXT,
        Object {
            fields: &[
                ("context", TEXT),
                ("dockerfile", TEXT),
                ("dockerfile_inline", TEXT),
                ("entitlements", TEXTS),
                ("args", VARIABLES),
                ("ssh", KEYED),
                ("labels", KEYED),
                ("cache_from", TEXTS),
                ("cache_to", TEXTS),
                ("no_cache", FLAG),
                ("no_cache_filter", TEXT_OR_LIST),
                ("additional_contexts", KEYED),
                ("network", TEXT),
                ("provenance", LOOSE_FLAG),
                ("sbom", LOOSE_FLAG),
                ("pull", LOOSE_FLAG),
                ("target", TEXT),
                ("shm_size", Scalar(INT.or(STR), Bytes)),
                ("extra_hosts", EXTRA_HOSTS),
                ("isolation", TEXT),
                ("privileged", FLAG),
                ("secrets", FILE_MOUNTS),
                ("tags", TEXTS),
                ("ulimits", ULIMITS),
                ("platforms", TEXTS),
            ],
            required: &[],
            extra: Extra::Extensions,
        },
    ]),
);

const BLKIO_RATES: Shape = List {
    item: &Object {
        fields: &[("path", TEXT), ("rate", Scalar(INT.or(STR), Bytes))],
        required: &[],
        extra: Extra::None,
    },
    unique: false,
};

const BLKIO: Shape = Object {
    fields: &[
        ("device_read_bps", BLKIO_RATES),
        ("device_read_iops", BLKIO_RATES),
        ("device_write_bps", BLKIO_RATES),
        ("device_write_iops", BLKIO_RATES),
        ("weight", Scalar(INT, Free)),
        (
            "weight_device",
            List {
                item: &Object {
                    fields: &[("path", TEXT), ("weight", Scalar(INT, Free))],
                    required: &[],
                    extra: Extra::None,
                },
                unique: false,
            },
        ),
    ],
    required: &[],
    extra: Extra::None,
};

const DEPENDS_ON: Shape = Written(
    Form::DependsOn,
    &Either(&[
        UNIQUE_TEXTS,
        Map {
            keys: Keys::Name,
            value: &Object {
                fields: &[
                    ("restart", FLAG),
                    ("required", Written(Form::Kept, &Scalar(BOOL, Free))),
                    (
                        "condition",
                        Scalar(STR, OneOf(&["service_started", "service_healthy", "service_completed_successfully"])),
                    ),
                ],
                required: &["condition"],
                extra: Extra::Extensions,
            },
        },
    ]),
);

const ENV_FILE: Shape = Either(&[
    TEXT,
    List {
        item: &Either(&[
            TEXT,
            Object {
                fields: &[("path", TEXT), ("format", TEXT), ("required", FLAG)],
                required: &["path"],
                extra: Extra::None,
            },
        ]),
        unique: false,
    },
]);

const SERVICE_NETWORKS: Shape = Written(
    Form::Named,
    &Either(&[
        UNIQUE_TEXTS,
        Map {
            keys: Keys::Name,
            value: &Either(&[
                Scalar(NULL, Free),
                Object {
                    fields: &[
                        ("aliases", TEXTS),
                        ("interface_name", TEXT),
                        ("ipv4_address", TEXT),
                        ("ipv6_address", TEXT),
                        ("link_local_ips", TEXTS),
                        ("mac_address", TEXT),
                        ("driver_opts", OPTIONS),
                        ("priority", Scalar(NUMBER, Free)),
                        ("gw_priority", Scalar(NUMBER, Free)),
                    ],
                    required: &[],
                    extra: Extra::Extensions,
                },
            ]),
        },
    ]),
);

const PORTS: Shape = Written(
    Form::Ports,
    &List {
        item: &Either(&[
            Scalar(INT.or(STR), Free),
            Object {
                fields: &[
                    ("name", TEXT),
                    ("mode", TEXT),
                    ("host_ip", TEXT),
                    ("target", WHOLE),
                    ("published", Scalar(INT.or(STR), Free)),
                    ("protocol", TEXT),
                    ("app_protocol", TEXT),
                ],
                required: &["target"],
                extra: Extra::Extensions,
            },
        ]),
        unique: false,
    },
);

const VOLUMES: Shape = Written(
    Form::Volumes,
    &List {
        item: &Either(&[
            TEXT,
            Object {
                fields: &[
                    ("type", Scalar(STR, OneOf(&["bind", "volume", "tmpfs", "cluster", "npipe", "image"]))),
                    ("source", TEXT),
                    ("target", TEXT),
                    ("read_only", FLAG),
                    ("consistency", TEXT),
                    (
                        "bind",
                        Written(
                            Form::Kept,
                            &Object {
                                fields: &[
                                    ("propagation", TEXT),
                                    ("create_host_path", FLAG),
                                    ("recursive", Scalar(STR, OneOf(&["enabled", "disabled", "writable", "readonly"]))),
                                    ("selinux", Scalar(STR, OneOf(&["z", "Z"]))),
                                ],
                                required: &[],
                                extra: Extra::Extensions,
                            },
                        ),
                    ),
                    (
                        "volume",
                        Written(
                            Form::Kept,
                            &Object {
                                fields: &[("labels", KEYED), ("nocopy", FLAG), ("subpath", TEXT)],
                                required: &[],
                                extra: Extra::Extensions,
                            },
                        ),
                    ),
                    (
                        "tmpfs",
                        Written(
                            Form::Kept,
                            &Object {
                                fields: &[
                                    ("size", Either(&[Scalar(INT, NotNegative), Scalar(STR, Bytes)])),
                                    ("mode", Scalar(NUMBER, Free)),
                                ],
                                required: &[],
                                extra: Extra::Extensions,
                            },
                        ),
                    ),
                    ("image", Object { fields: &[("subpath", TEXT)], required: &[], extra: Extra::Extensions }),
                ],
                required: &["type", "target"],
                extra: Extra::Extensions,
            },
        ]),
        unique: false,
    },
);

const HEALTHCHECK: Shape = Object {
    fields: &[
        ("disable", FLAG),
        ("interval", OPTIONAL_DURATION),
        ("retries", Written(Form::Kept, &ROUNDED)),
        ("test", Written(Form::HealthTest, &Either(&[TEXT, TEXTS]))),
        ("timeout", OPTIONAL_DURATION),
        ("start_period", OPTIONAL_DURATION),
        ("start_interval", OPTIONAL_DURATION),
    ],
    required: &[],
    extra: Extra::Extensions,
};

const DEVELOP: Shape = Either(&[
    Scalar(NULL, Free),
    Object {
        fields: &[(
            "watch",
            List {
                item: &Object {
                    fields: &[
                        ("ignore", TEXT_OR_LIST),
                        ("include", TEXT_OR_LIST),
                        ("path", TEXT),
                        ("action", Scalar(STR, OneOf(&["rebuild", "sync", "restart", "sync+restart", "sync+exec"]))),
                        ("target", TEXT),
                        ("exec", HOOK),
                        ("initial_sync", Scalar(BOOL, Free)),
                    ],
                    required: &["path", "action"],
                    extra: Extra::Extensions,
                },
                unique: false,
            },
        )],
        required: &[],
        extra: Extra::Extensions,
    },
]);

const ROLLOUT: Shape = Object {
    fields: &[
        ("parallelism", OPTIONAL_WHOLE),
        ("delay", DURATION),
        ("failure_action", TEXT),
        ("monitor", DURATION),
        ("max_failure_ratio", DECIMAL),
        ("order", Scalar(STR, OneOf(&["start-first", "stop-first"]))),
    ],
    required: &[],
    extra: Extra::Extensions,
};

const DEPLOY: Shape = Either(&[
    Scalar(NULL, Free),
    Object {
        fields: &[
            ("mode", TEXT),
            ("endpoint_mode", TEXT),
            ("replicas", Written(Form::Kept, &Scalar(INT.or(STR), NotNegative))),
            ("labels", KEYED),
            ("rollback_config", ROLLOUT),
            ("update_config", ROLLOUT),
            (
                "resources",
                Object {
                    fields: &[
                        (
                            "limits",
                            Written(
                                Form::Kept,
                                &Object {
                                    fields: &[("cpus", DECIMAL), ("memory", Scalar(STR, Bytes)), ("pids", WHOLE)],
                                    required: &[],
                                    extra: Extra::Extensions,
                                },
                            ),
                        ),
                        (
                            "reservations",
                            Written(
                                Form::Kept,
                                &Object {
                                    fields: &[
                                        ("cpus", DECIMAL),
                                        ("memory", Scalar(STR, Bytes)),
                                        ("generic_resources", GENERIC_RESOURCES),
                                        (
                                            "devices",
                                            List {
                                                item: &Object {
                                                    fields: DEVICE_FIELDS,
                                                    required: &["capabilities"],
                                                    extra: Extra::Extensions,
                                                },
                                                unique: false,
                                            },
                                        ),
                                    ],
                                    required: &[],
                                    extra: Extra::Extensions,
                                },
                            ),
                        ),
                    ],
                    required: &[],
                    extra: Extra::Extensions,
                },
            ),
            (
                "restart_policy",
                Object {
                    fields: &[
                        ("condition", TEXT),
                        ("delay", DURATION),
                        ("max_attempts", OPTIONAL_WHOLE),
                        ("window", OPTIONAL_DURATION),
                    ],
                    required: &[],
                    extra: Extra::Extensions,
                },
            ),
            (
                "placement",
                Object {
                    fields: &[
                        ("constraints", TEXTS),
                        (
                            "preferences",
                            List {
                                item: &Object { fields: &[("spread", TEXT)], required: &[], extra: Extra::Extensions },
                                unique: false,
                            },
                        ),
                        ("max_replicas_per_node", WHOLE),
                    ],
                    required: &[],
                    extra: Extra::Extensions,
                },
            ),
        ],
        required: &[],
        extra: Extra::Extensions,
    },
]);

const GENERIC_RESOURCES: Shape = List {
    item: &Object {
        fields: &[(
            "discrete_resource_spec",
            Object { fields: &[("kind", TEXT), ("value", ROUNDED)], required: &[], extra: Extra::Extensions },
        )],
        required: &[],
        extra: Extra::Extensions,
    },
    unique: false,
};

pub(super) static SERVICE: Shape = Object {
    fields: &[
        ("annotations", KEYED),
        ("attach", OPTIONAL_FLAG),
        ("blkio_config", BLKIO),
        ("build", BUILD),
        ("cap_add", TEXTS),
        ("cap_drop", TEXTS),
        ("cgroup", Scalar(STR, OneOf(&["host", "private"]))),
        ("cgroup_parent", TEXT),
        ("command", COMMAND),
        ("configs", FILE_MOUNTS),
        ("container_name", Scalar(STR, ContainerName)),
        ("cpu_count", Scalar(INT.or(STR), NotNegative)),
        ("cpu_percent", Scalar(NUMBER.or(STR), Range(0, 100))),
        ("cpu_period", ROUNDED),
        ("cpu_quota", ROUNDED),
        ("cpu_rt_period", ROUNDED),
        ("cpu_rt_runtime", ROUNDED),
        ("cpu_shares", ROUNDED),
        ("cpus", DECIMAL),
        ("cpuset", TEXT),
        (
            "credential_spec",
            Object {
                fields: &[("config", TEXT), ("file", TEXT), ("registry", TEXT)],
                required: &[],
                extra: Extra::Extensions,
            },
        ),
        ("depends_on", DEPENDS_ON),
        ("deploy", DEPLOY),
        ("develop", DEVELOP),
        ("device_cgroup_rules", UNIQUE_TEXTS),
        (
            "devices",
            Written(
                Form::Devices,
                &List {
                    item: &Either(&[
                        TEXT,
                        Object {
                            fields: &[("source", TEXT), ("target", TEXT), ("permissions", TEXT)],
                            required: &["source"],
                            extra: Extra::Extensions,
                        },
                    ]),
                    unique: false,
                },
            ),
        ),
        ("dns", TEXT_OR_LIST),
        ("dns_opt", TEXTS),
        ("dns_search", TEXT_OR_LIST),
        ("domainname", TEXT),
        ("entrypoint", COMMAND),
        ("env_file", ENV_FILE),
        ("environment", VARIABLES),
        ("expose", List { item: &Scalar(INT.or(STR), Free), unique: false }),
        (
            "extends",
            Either(&[
                TEXT,
                Object { fields: &[("service", TEXT), ("file", TEXT)], required: &["service"], extra: Extra::None },
            ]),
        ),
        ("external_links", UNIQUE_TEXTS),
        ("extra_hosts", EXTRA_HOSTS),
        (
            "gpus",
            Written(
                Form::Gpus,
                &Either(&[
                    Scalar(STR, OneOf(&["all"])),
                    List { item: &Object { fields: DEVICE_FIELDS, required: &[], extra: Extra::Any }, unique: false },
                ]),
            ),
        ),
        ("group_add", TEXT_OR_NUMBERS),
        ("healthcheck", HEALTHCHECK),
        ("hostname", TEXT),
        ("image", TEXT),
        ("init", OPTIONAL_FLAG),
        ("ipc", TEXT),
        ("isolation", TEXT),
        ("label_file", TEXT_OR_LIST),
        ("labels", KEYED),
        ("links", TEXTS),
        (
            "logging",
            Object {
                fields: &[
                    ("driver", TEXT),
                    ("options", Map { keys: Keys::Any, value: &Scalar(NULL.or(NUMBER).or(STR), Free) }),
                ],
                required: &[],
                extra: Extra::Extensions,
            },
        ),
        ("mac_address", TEXT),
        ("mem_limit", BYTES),
        ("mem_reservation", Scalar(INT.or(STR), Bytes)),
        ("mem_swappiness", Scalar(INT.or(STR), Bytes)),
        ("memswap_limit", BYTES),
        (
            "models",
            Written(
                Form::Named,
                &Either(&[
                    UNIQUE_TEXTS,
                    Map {
                        keys: Keys::Other,
                        value: &Either(&[
                            Scalar(NULL, Free),
                            Object {
                                fields: &[("endpoint_var", TEXT), ("model_var", TEXT)],
                                required: &[],
                                extra: Extra::Extensions,
                            },
                        ]),
                    },
                ]),
            ),
        ),
        ("network_mode", TEXT),
        ("networks", SERVICE_NETWORKS),
        ("oom_kill_disable", FLAG),
        ("oom_score_adj", Scalar(INT.or(STR), Range(-1000, 1000))),
        ("pid", TEXT),
        ("pids_limit", ROUNDED),
        ("platform", TEXT),
        ("ports", PORTS),
        ("post_start", HOOKS),
        ("pre_stop", HOOKS),
        ("privileged", FLAG),
        ("profiles", TEXTS),
        (
            "provider",
            Object {
                fields: &[
                    ("type", TEXT),
                    (
                        "options",
                        Map {
                            keys: Keys::Any,
                            value: &Written(
                                Form::OneOrMany,
                                &Either(&[
                                    Scalar(BOOL.or(NUMBER).or(STR), Free),
                                    List { item: &Scalar(BOOL.or(NUMBER).or(STR), Free), unique: false },
                                ]),
                            ),
                        },
                    ),
                ],
                required: &["type"],
                extra: Extra::Extensions,
            },
        ),
        ("pull_policy", Scalar(STR, PullPolicy)),
        ("pull_refresh_after", TEXT),
        ("read_only", FLAG),
        ("restart", TEXT),
        ("runtime", TEXT),
        ("scale", Written(Form::Kept, &Scalar(INT.or(STR), NotNegative))),
        ("secrets", FILE_MOUNTS),
        ("security_opt", UNIQUE_TEXTS),
        ("shm_size", BYTES),
        ("stdin_open", FLAG),
        ("stop_grace_period", OPTIONAL_DURATION),
        ("stop_signal", TEXT),
        ("storage_opt", Map { keys: Keys::Any, value: &Scalar(BOOL.or(NULL).or(NUMBER).or(STR), Free) }),
        ("sysctls", KEYED),
        ("tmpfs", TEXT_OR_LIST),
        ("tty", FLAG),
        ("ulimits", ULIMITS),
        ("use_api_socket", Scalar(BOOL, Free)),
        ("user", TEXT),
        ("userns_mode", TEXT),
        ("uts", TEXT),
        ("volumes", VOLUMES),
        ("volumes_from", UNIQUE_TEXTS),
        ("working_dir", TEXT),
    ],
    required: &[],
    extra: Extra::Extensions,
};

// -- top level --

const NETWORK: Shape = Either(&[
    Scalar(NULL, Free),
    Object {
        fields: &[
            ("name", TEXT),
            ("driver", TEXT),
            ("driver_opts", OPTIONS),
            (
                "ipam",
                Object {
                    fields: &[
                        ("driver", TEXT),
                        (
                            "config",
                            List {
                                item: &Object {
                                    fields: &[
                                        ("subnet", TEXT),
                                        ("ip_range", TEXT),
                                        ("gateway", TEXT),
                                        ("aux_addresses", Map { keys: Keys::Any, value: &TEXT }),
                                    ],
                                    required: &[],
                                    extra: Extra::Extensions,
                                },
                                unique: false,
                            },
                        ),
                        ("options", Map { keys: Keys::Any, value: &TEXT }),
                    ],
                    required: &[],
                    extra: Extra::Extensions,
                },
            ),
            ("external", EXTERNAL),
            ("internal", FLAG),
            ("enable_ipv4", OPTIONAL_FLAG),
            ("enable_ipv6", OPTIONAL_FLAG),
            ("attachable", FLAG),
            ("labels", KEYED),
        ],
        required: &[],
        extra: Extra::Extensions,
    },
]);

const VOLUME: Shape = Either(&[
    Scalar(NULL, Free),
    Object {
        fields: &[
            ("name", TEXT),
            ("driver", TEXT),
            ("driver_opts", OPTIONS),
            ("external", EXTERNAL),
            ("labels", KEYED),
        ],
        required: &[],
        extra: Extra::Extensions,
    },
]);

const SECRET: Shape = Object {
    fields: &[
        ("name", TEXT),
        ("environment", TEXT),
        ("file", TEXT),
        ("external", EXTERNAL),
        ("labels", KEYED),
        ("driver", TEXT),
        ("driver_opts", OPTIONS),
        ("template_driver", TEXT),
    ],
    required: &[],
    extra: Extra::Extensions,
};

const CONFIG: Shape = Object {
    fields: &[
        ("name", TEXT),
        ("content", TEXT),
        ("environment", TEXT),
        ("file", TEXT),
        ("external", EXTERNAL),
        ("labels", KEYED),
        ("template_driver", TEXT),
    ],
    required: &[],
    extra: Extra::Extensions,
};

const MODEL: Shape = Object {
    fields: &[("name", TEXT), ("model", TEXT), ("context_size", Scalar(INT, Free)), ("runtime_flags", TEXTS)],
    required: &["model"],
    extra: Extra::Extensions,
};

const INCLUDE: Shape = List {
    item: &Either(&[
        TEXT,
        Object {
            fields: &[("path", TEXT_OR_LIST), ("env_file", TEXT_OR_LIST), ("project_directory", TEXT)],
            required: &[],
            extra: Extra::None,
        },
    ]),
    unique: false,
};

/// A whole Compose file.
pub(in crate::compose) static ROOT: Shape = Object {
    fields: &[
        ("version", TEXT),
        ("name", TEXT),
        ("include", INCLUDE),
        ("services", Map { keys: Keys::Name, value: &SERVICE }),
        ("models", Map { keys: Keys::Other, value: &MODEL }),
        ("networks", Map { keys: Keys::Other, value: &NETWORK }),
        ("volumes", Map { keys: Keys::Name, value: &VOLUME }),
        ("secrets", Map { keys: Keys::Name, value: &SECRET }),
        ("configs", Map { keys: Keys::Name, value: &CONFIG }),
    ],
    required: &[],
    extra: Extra::Extensions,
};
