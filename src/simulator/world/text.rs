//! Words for names, as people in clouds give them.

pub(super) const PROJECTS: [&str; 16] = [
    "payments",
    "web-shop",
    "data-platform",
    "ci-runners",
    "observability",
    "mobile-backend",
    "search",
    "machine-learning",
    "intranet",
    "identity-services",
    "video-transcoding",
    "gis",
    "billing",
    "research",
    "sandbox",
    "müllabfuhr-app",
];

pub(super) const ROLES_OF_SERVERS: [&str; 14] = [
    "web",
    "api",
    "db",
    "cache",
    "worker",
    "queue",
    "proxy",
    "bastion",
    "runner",
    "k8s-node",
    "k8s-master",
    "monitor",
    "mail",
    "batch",
];

pub(super) const PEOPLE: [&str; 16] = [
    "alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory",
    "niaj", "olivia", "peggy", "rupert", "sybil",
];

/// Names that break what was only tried with ASCII.
pub(super) const AWKWARD: [&str; 6] = [
    "Über-Server",
    "サーバー-東京",
    "srv with spaces",
    "naïve café ☕",
    "50%_done",
    "a|b.*[c]",
];
