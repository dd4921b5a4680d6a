//! The causes, each with what happens on the wire and what to do. Their slugs are the vocabulary of findings and diagnoses.

use crate::rule::Words;

/// A cause.
#[derive(Debug)]
pub struct Cause {
    pub slug: &'static str,
    /// What happens.
    pub means: Words,
    /// What to type or to look at next.
    pub next: Words,
}

macro_rules! causes {
    ($($slug:literal { $means_en:literal, $means_zh:literal; $next_en:literal, $next_zh:literal })*) => {
        /// Every cause.
        pub static CAUSES: &[Cause] = &[$(Cause {
            slug: $slug,
            means: Words { en: $means_en, zh: $means_zh },
            next: Words { en: $next_en, zh: $next_zh },
        }),*];
    };
}

/// The cause of a slug; of a wider one, the first that it covers.
pub fn cause(slug: &str) -> Option<&'static Cause> {
    CAUSES.iter().find(|c| c.slug == slug).or_else(|| CAUSES.iter().find(|c| wider(c.slug) == Some(slug)))
}

/// The wider diagnosis that covers a cause, for who counts diagnoses rather than mends them.
pub fn wider(slug: &str) -> Option<&'static str> {
    match slug {
        "tls-mismatch" | "tls-certificate" => Some("tls"),
        "image-missing" | "image-platform" | "registry-limit" => Some("image-pull"),
        "proxy-login" => Some("forbidden-by-proxy"),
        _ => None,
    }
}

causes! {
    "loopback-to-host" {
        "In a container, localhost and 127.0.0.1 are the container itself. The server runs on the host, so nobody listens there.",
        "在容器里，localhost 和 127.0.0.1 指的是容器自己。服务在宿主机上，所以那里没有程序监听。";
        "Write http://host.docker.internal:PORT instead; on Linux also give the service extra_hosts: [\"host.docker.internal:host-gateway\"]. `dockline fix` does both. The server on the host must listen beyond 127.0.0.1: dockline explain host-bind-loopback",
        "地址改成 http://host.docker.internal:端口；在 Linux 上还要给服务加上 extra_hosts: [\"host.docker.internal:host-gateway\"]。`dockline fix` 会一起改好。宿主机上的服务不能只监听 127.0.0.1：dockline explain host-bind-loopback"
    }
    "loopback-to-service" {
        "In a container, localhost is the container itself. The server is another service of the project, with a network namespace of its own.",
        "在容器里，localhost 指的是容器自己。服务端是项目里的另一个服务，有它自己的网络命名空间。";
        "Write the service's name and the port inside its container: http://ollama:11434, redis:6379. `dockline fix` does it.",
        "写服务名和容器里的端口：http://ollama:11434、redis:6379。`dockline fix` 会改好。"
    }
    "loopback-in-container" {
        "In a container, localhost is the container itself, and nothing in it listens on that port. Whether the server is on the host or another service the message does not tell.",
        "在容器里，localhost 指的是容器自己，而容器里没有程序监听这个端口。服务在宿主机上还是在另一个容器里，从报错看不出来。";
        "Another service: write its name. On the host: write host.docker.internal. Look at both with: dockline reach",
        "在另一个服务里：写服务名；在宿主机上：写 host.docker.internal。用 dockline reach 看看。"
    }
    "missing-host-gateway" {
        "host.docker.internal is not built into Docker on Linux: the name exists only where extra_hosts maps it. On Docker Desktop it does.",
        "在 Linux 的 Docker 里没有内置 host.docker.internal：只有用 extra_hosts 定义了才有这个名字。Docker Desktop 上是自带的。";
        "Add to the service: extra_hosts: [\"host.docker.internal:host-gateway\"], then docker compose up -d. `dockline fix` adds it.",
        "给服务加上 extra_hosts: [\"host.docker.internal:host-gateway\"]，再 docker compose up -d。`dockline fix` 会加上。"
    }
    "host-bind-loopback" {
        "The name leads to the host (docker0, 172.17.0.1), and there the connection is refused: the server on the host listens on 127.0.0.1 only, which containers can't reach on Linux. Ollama does so by default.",
        "名字能找到宿主机（docker0，172.17.0.1），但连接被拒绝：宿主机上的服务只监听 127.0.0.1，在 Linux 上容器连不到。Ollama 默认就是这样。";
        "See where it listens: ss -ltn 'sport = :11434'. Then let it listen beyond loopback:",
        "看它监听在哪里：ss -ltn 'sport = :11434'。然后让它不只监听回环地址："
    }
    "host-firewall" {
        "Packets to the host get no answer: the host's firewall (ufw, firewalld, nftables) drops new connections from the bridge networks.",
        "发往宿主机的数据包没有回音：宿主机的防火墙（ufw、firewalld、nftables）丢弃了来自网桥的新连接。";
        "Let the containers in:",
        "放行容器："
    }
    "host-unreachable" {
        "No route to the address, or a firewall that rejects with \"host unreachable\" (firewalld does). An address of another network, or of a machine that is off.",
        "没有到这个地址的路由，或者防火墙以“主机不可达”拒绝（firewalld 就是这样）。可能是别的网段的地址，或者那台机器没开。";
        "From the host: ping the address. From the container's network: docker run --rm --network PROJECT_default curlimages/curl -m 5 http://ADDRESS:PORT",
        "在宿主机上 ping 这个地址；再从容器的网络里试：docker run --rm --network 项目名_default curlimages/curl -m 5 http://地址:端口"
    }
    "container-bind-loopback" {
        "The server listens on 127.0.0.1 inside its own container: peers are refused, and its published port takes connections and drops them.",
        "服务在自己的容器里只监听 127.0.0.1：别的容器会被拒绝，发布的端口则是接受连接又断开。";
        "Let it listen on 0.0.0.0 in the container: OLLAMA_HOST=0.0.0.0, --host 0.0.0.0. `dockline lint` names the setting.",
        "让它在容器里监听 0.0.0.0：OLLAMA_HOST=0.0.0.0、--host 0.0.0.0。`dockline lint` 会指出是哪个设置。"
    }
    "wildcard-as-target" {
        "0.0.0.0 says where a server listens. As an address to call it means the container itself.",
        "0.0.0.0 是服务端的监听地址。拿它当目标地址，连的就是容器自己。";
        "Write the service's name, or host.docker.internal for a server on the host. `dockline fix` does it.",
        "写服务名；服务在宿主机上就写 host.docker.internal。`dockline fix` 会改好。"
    }
    "service-via-host" {
        "A service of the same project is called by a detour over the host and its published port.",
        "同一个项目里的服务，绕道宿主机和它发布的端口去连。";
        "Call it by its name and container port; then it works without the published port and without host.docker.internal.",
        "直接用服务名和容器端口，这样不依赖发布的端口，也不依赖 host.docker.internal。"
    }
    "published-port-between-services" {
        "Between services the port inside the container counts. `ports: \"8081:8080\"` changes nothing there: 8081 exists on the host only.",
        "服务之间用的是容器里的端口。`ports: \"8081:8080\"` 在这里不起作用：8081 只在宿主机上有。";
        "Write the right-hand number: http://service:8080. `dockline fix` does it.",
        "写冒号右边的端口：http://服务名:8080。`dockline fix` 会改好。"
    }
    "wrong-container-port" {
        "The container is there, and nobody in it listens on that port.",
        "容器在，但里面没有程序监听这个端口。";
        "What it listens on: docker compose exec SERVICE ss -ltn (or look at the image's page); dockline reach shows what is known.",
        "看它监听什么：docker compose exec 服务名 ss -ltn（或看镜像的说明）；dockline reach 会列出已知的端口。"
    }
    "wrong-service-name" {
        "No service of the project has that name. Names are service names, container names, hostnames and aliases.",
        "项目里没有哪个服务叫这个名字。能用的名字有：服务名、容器名、hostname、网络别名。";
        "docker compose ps --services lists them; dockline lint says which one is near.",
        "docker compose ps --services 会列出来；dockline lint 会指出相近的名字。"
    }
    "wrong-host" {
        "The address belongs to another machine than the server does, or to none.",
        "这个地址不是服务所在的机器的，或者根本没有机器用它。";
        "Look up the machine's address (ip -4 addr) and write that, or a name that follows it.",
        "查那台机器的地址（ip -4 addr），写对它，或写一个会跟着变的名字。"
    }
    "network-mismatch" {
        "The two containers share no network, so that the one has no name for the other.",
        "两个容器没有共同的网络，一个就解析不了另一个的名字。";
        "Put both on one network under networks:. A service with a networks: list of its own is no longer on the default one. dockline lint names the pair.",
        "在 networks: 里让两者加入同一个网络。服务一旦写了自己的 networks:，就不在默认网络上了。dockline lint 会指出是哪两个。"
    }
    "profile-not-enabled" {
        "The service stands behind a profile that is off, so it was not started and its name does not resolve.",
        "这个服务要打开某个 profile 才会启动；没有启动，名字也就解析不了。";
        "docker compose --profile NAME up -d, or COMPOSE_PROFILES=NAME in .env",
        "docker compose --profile 名字 up -d，或者在 .env 里写 COMPOSE_PROFILES=名字"
    }
    "name-resolution" {
        "The name does not resolve in the container. Either no service is called so, or it shares no network, or it is not running: a stopped container has no name.",
        "容器里解析不了这个名字：可能没有服务叫这个名字，可能没有共同的网络，也可能它没在运行——停止的容器是没有名字的。";
        "docker compose ps -a (is it running?), then dockline lint (is it called so, and on the same network?)",
        "先 docker compose ps -a 看它在不在运行，再 dockline lint 看名字和网络对不对"
    }
    "connection-refused" {
        "The machine was reached, and nobody listens on that port there. Which machine the message does not say.",
        "机器找到了，但那个端口上没有程序监听。是哪台机器，报错里没有说。";
        "dockline reach shows where each address leads; localhost in a container is the container itself.",
        "dockline reach 会列出每个地址通向哪里；容器里的 localhost 是容器自己。"
    }
    "server-not-running" {
        "Nothing runs on that port.",
        "那个端口上没有程序在运行。";
        "On the host: curl http://127.0.0.1:11434/api/version (Ollama), systemctl status ollama. In the project: docker compose ps -a, docker compose logs SERVICE",
        "宿主机上：curl http://127.0.0.1:11434/api/version（Ollama），systemctl status ollama。项目里：docker compose ps -a，docker compose logs 服务名"
    }
    "url-missing-v1" {
        "The server was reached and knows no such path: an OpenAI client appends /chat/completions to the base URL, which must end in /v1.",
        "服务连到了，但没有这个路径：OpenAI 客户端会在基础地址后面加 /chat/completions，所以基础地址要以 /v1 结尾。";
        "Write http://HOST:11434/v1 for clients of the OpenAI API.",
        "用 OpenAI 接口的客户端要写 http://主机:11434/v1。"
    }
    "url-extra-path" {
        "The server was reached and knows no such path: the client appends /api/chat or /v1/... itself, and the base URL holds a part of it already.",
        "服务连到了，但没有这个路径：客户端自己会加 /api/chat 或 /v1/……，而基础地址里已经写了一部分。";
        "Ollama clients and One-API/New-API channels take the bare address: http://HOST:11434",
        "Ollama 客户端、One-API / New-API 的渠道只写地址本身：http://主机:11434"
    }
    "url-trailing-slash" {
        "The client puts the path right behind the base URL, so that two slashes meet: //api/chat is another path.",
        "客户端把路径直接接在基础地址后面，就成了两个斜杠：//api/chat 是另一个路径。";
        "Write the address without the slash at its end.",
        "地址结尾不要写斜杠。"
    }
    "url-missing-scheme" {
        "The client wants a URL and got host:port.",
        "客户端要的是 URL，得到的却是 主机:端口。";
        "Write http:// in front: http://host.docker.internal:11434",
        "前面加上 http://：http://host.docker.internal:11434"
    }
    "wrong-server-mode" {
        "The server runs, and not with the API that is called: another protocol, another mode, HTTPS instead of HTTP.",
        "服务在运行，但不是被调用的那种接口：协议不同、模式不同，或者一边是 HTTPS 一边是 HTTP。";
        "Ask it by hand: curl -i http://HOST:PORT/v1/models and curl -i http://HOST:PORT/api/version",
        "手工问一下：curl -i http://主机:端口/v1/models 和 curl -i http://主机:端口/api/version"
    }
    "env-quoting" {
        "The quotes are part of the value: in the list form of environment (- KEY=\"value\"), in docker run --env-file, or behind a second pair.",
        "引号成了值的一部分：environment 的列表写法（- KEY=\"value\"）、docker run --env-file，或者写了两层引号时就会这样。";
        "Look at what the container gets: dockline env SERVICE VARIABLE. Write - KEY=value, without quotes.",
        "看容器到底得到了什么：dockline env 服务 变量。写成 - KEY=value，不加引号。"
    }
    "env-inline-comment" {
        "The comment behind the value became part of it.",
        "值后面的注释成了值的一部分。";
        "Put comments on lines of their own. dockline env SERVICE VARIABLE shows the value.",
        "注释单独写一行。dockline env 服务 变量 可以看到实际的值。"
    }
    "stale-container" {
        "The container still runs with what the files said when it was made. A restart keeps that: only a new container takes what the files say now.",
        "容器用的还是创建时的配置。restart 不会重新读取文件，只有重新创建的容器才会用上现在的内容。";
        "docker compose up -d SERVICE makes it anew where something has changed. dockline doctor lists what differs.",
        "docker compose up -d 服务名：有变化时会重新创建容器。dockline doctor 会列出哪里不一样。"
    }
    "env-precedence" {
        "Another source of the variable wins: the shell over .env, environment over env_file.",
        "变量在别处也设置了，以别处为准：shell 环境优先于 .env，environment 优先于 env_file。";
        "dockline env SERVICE VARIABLE names the line that counts.",
        "dockline env 服务 变量 会指出以哪一行为准。"
    }
    "env-file-missing" {
        "An env file, or a variable that one should set, is not there.",
        "env 文件不在，或者本该由它设置的变量没有设置。";
        "cp .env.example .env, then fill it in. dockline lint names the file and the variables.",
        "cp .env.example .env，再填好。dockline lint 会指出缺哪个文件、哪些变量。"
    }
    "env-crlf" {
        "A carriage return from a Windows editor became part of the value.",
        "Windows 编辑器的回车符成了值的一部分。";
        "Save the file with LF line ends: sed -i 's/\\r$//' .env",
        "把文件存成 LF 换行：sed -i 's/\\r$//' .env"
    }
    "dollar-interpolation" {
        "Compose took a $ in a value for the start of a variable and put nothing in its place.",
        "Compose 把值里的 $ 当成变量，替换成了空。";
        "In a Compose file write $$; in .env put the value into single quotes.",
        "在 Compose 文件里写成 $$；在 .env 里用单引号把值括起来。"
    }
    "renamed-variable" {
        "The image reads another variable now, and this one is ignored.",
        "镜像现在读的是另一个变量，这个变量已经不起作用。";
        "Look at the image's page for the present name.",
        "看镜像的说明，用现在的名字。"
    }
    "db-stored-url" {
        "The address is kept in the application's database: what a file says is used at the first start only, or never.",
        "地址存在应用的数据库里：文件里写的只在第一次启动时有用，或者根本没用。";
        "Change it on the application's page. dockline lint says on which, and what to type.",
        "到应用的页面上改。dockline lint 会告诉你在哪个页面、填什么。"
    }
    "proxy-without-no-proxy" {
        "HTTP_PROXY or HTTPS_PROXY is set, and so calls to names inside the project go to the proxy, which knows none of them.",
        "设置了 HTTP_PROXY 或 HTTPS_PROXY，项目内部的调用也走了代理，而代理不认识这些名字。";
        "Add NO_PROXY=localhost,127.0.0.1,host.docker.internal and the service names.",
        "加上 NO_PROXY=localhost,127.0.0.1,host.docker.internal 以及各个服务名。"
    }
    "ssrf-proxy-blocks" {
        "Dify's squid (ssrf_proxy) refused the target: it lets through only what its rules allow.",
        "Dify 的 squid（ssrf_proxy）拒绝了这个目标：它只放行规则允许的地址。";
        "docker compose logs ssrf_proxy shows the address, then by Dify's version: from 1.15 a private address needs SSRF_PROXY_ALLOW_PRIVATE_IPS=ADDRESS (a name SSRF_PROXY_ALLOW_PRIVATE_DOMAINS=NAME) in .env; https on another port than 443 needs acl SSL_ports port PORT in ssrf_proxy/squid.conf.template, a port below 1025 acl Safe_ports port PORT too. Then docker compose up -d --force-recreate ssrf_proxy. Model providers do not go through it: only HTTP request nodes, tools, files and code do",
        "docker compose logs ssrf_proxy 可以看到地址，再看 Dify 版本：1.15 起，访问内网地址要在 .env 里写 SSRF_PROXY_ALLOW_PRIVATE_IPS=地址（域名则写 SSRF_PROXY_ALLOW_PRIVATE_DOMAINS=域名）；https 用了 443 以外的端口，要在 ssrf_proxy/squid.conf.template 里加 acl SSL_ports port 端口，1025 以下的端口还要加 acl Safe_ports port 端口。然后 docker compose up -d --force-recreate ssrf_proxy。模型供应商不走这个代理：只有 HTTP 请求节点、工具、文件和代码执行才走"
    }
    "browser-url-internal-name" {
        "A browser was given a name that only containers know.",
        "给浏览器的是只有容器才认识的名字。";
        "For browsers write a published address: http://localhost:PORT on the same machine, the server's name elsewhere.",
        "给浏览器用的要写发布出来的地址：本机用 http://localhost:端口，别的机器用服务器的域名或地址。"
    }
    "public-url-wrong" {
        "The public address that the application hands out is not the one that people use.",
        "应用对外给出的公开地址，和大家实际用的不一样。";
        "Set the public URL variable to what stands in the browser's address bar.",
        "把公开 URL 的变量设成浏览器地址栏里的那个地址。"
    }
    "public-url-port-mismatch" {
        "The public address names another port than the one that is published.",
        "公开地址里的端口和发布的端口不一致。";
        "Make the two the same, or put the public one behind a proxy.",
        "让两者一致，或者在前面加反向代理。"
    }
    "cors-origins" {
        "The browser asked Ollama directly, and Ollama does not let this page's origin in.",
        "浏览器直接访问了 Ollama，而 Ollama 不接受这个页面的来源（origin）。";
        "Let the application's server make the call; or set OLLAMA_ORIGINS=http://THE-PAGE:PORT for Ollama and start it again.",
        "让应用的服务端去调用；或者给 Ollama 设置 OLLAMA_ORIGINS=http://页面地址:端口，再重启它。"
    }
    "cors-preflight-header" {
        "The browser's preflight asked for a header (x-stainless-...) that the server does not list. OLLAMA_ORIGINS does not help against that.",
        "浏览器的预检请求带了服务端没有列出的请求头（x-stainless-……）。设置 OLLAMA_ORIGINS 解决不了这个问题。";
        "Call from the server's side, or put a reverse proxy in front that answers OPTIONS with Access-Control-Allow-Headers: *; newer Ollama versions allow these headers.",
        "改由服务端调用，或者在前面加反向代理，对 OPTIONS 回 Access-Control-Allow-Headers: *；新版 Ollama 已经允许这些请求头。"
    }
    "nginx-buffering" {
        "The reverse proxy collects the whole answer before it hands it on, so that streaming stalls.",
        "反向代理攒齐了整个回答才往下发，流式输出就卡住了。";
        "proxy_buffering off; proxy_read_timeout 600s; in the location of the model server",
        "在模型服务的 location 里写 proxy_buffering off; proxy_read_timeout 600s;"
    }
    "nginx-stale-dns" {
        "nginx looked the name up when it started and keeps an address that is no longer the container's.",
        "nginx 启动时解析了名字，一直用着已经变了的旧地址。";
        "docker compose restart nginx; to stay: resolver 127.0.0.11; and the upstream in a variable",
        "docker compose restart nginx；要一劳永逸：resolver 127.0.0.11; 并把上游写进变量"
    }
    "startup-order" {
        "The other service was not ready yet: it starts at the same time and needs longer.",
        "对方还没准备好：两边同时启动，而它要花更长的时间。";
        "depends_on with condition: service_healthy and a health check there, or restart: unless-stopped here. If it never gets ready: docker compose logs SERVICE",
        "在这边写 depends_on 加 condition: service_healthy（那边要有 healthcheck），或者 restart: unless-stopped。要是一直不好：docker compose logs 服务名"
    }
    "healthcheck-missing-tool" {
        "The health check calls curl or wget, and the image has none, so that the container never gets healthy.",
        "健康检查要用 curl 或 wget，而镜像里没有，所以容器永远不会变成 healthy。";
        "Use what the image has: test: [\"CMD\", \"ollama\", \"list\"] for Ollama, bash's /dev/tcp, or the program's own check.",
        "用镜像里有的：Ollama 用 test: [\"CMD\", \"ollama\", \"list\"]，也可以用 bash 的 /dev/tcp 或程序自带的检查。"
    }
    "healthcheck-ipv6-localhost" {
        "busybox wget takes ::1 for localhost and tries nothing else; the server listens on IPv4 only.",
        "busybox 的 wget 把 localhost 解析成 ::1，不再试别的；而服务只监听 IPv4。";
        "Write 127.0.0.1 instead of localhost in the health check.",
        "健康检查里把 localhost 写成 127.0.0.1。"
    }
    "host-mode-ports" {
        "With network_mode: host there is nothing to publish: ports are discarded, or refused by older tools.",
        "用了 network_mode: host 就没有端口可发布：ports 会被丢弃，旧工具则直接报错。";
        "Take ports away, or network_mode: host.",
        "去掉 ports，或者去掉 network_mode: host。"
    }
    "host-mode-docker-desktop" {
        "On Docker Desktop network_mode: host is the network of the virtual machine, not that of your computer, unless the setting for it is on (4.34 and newer).",
        "在 Docker Desktop 上，network_mode: host 是虚拟机的网络，不是你电脑的网络，除非打开了相应的设置（4.34 起）。";
        "Publish ports and call host.docker.internal, or turn on Settings > Resources > Network > Enable host networking.",
        "改用 ports 和 host.docker.internal，或者打开 Settings > Resources > Network > Enable host networking。"
    }
    "rootless-host-gateway" {
        "The rootless engine's gateway is that of its own namespace, not the host.",
        "rootless 引擎的网关是它自己命名空间里的，不是宿主机。";
        "Start it with DOCKERD_ROOTLESS_ROOTLESSKIT_DISABLE_HOST_LOOPBACK=false and use 10.0.2.2, or the LAN address.",
        "用 DOCKERD_ROOTLESS_ROOTLESSKIT_DISABLE_HOST_LOOPBACK=false 启动，地址写 10.0.2.2；或者用局域网地址。"
    }
    "podman-host-name" {
        "Podman calls the host host.containers.internal; host-gateway needs Podman 4.7 or newer.",
        "Podman 里宿主机叫 host.containers.internal；host-gateway 需要 Podman 4.7 或更新的版本。";
        "Write host.containers.internal, or update Podman.",
        "写 host.containers.internal，或者升级 Podman。"
    }
    "vm-host-gateway" {
        "The engine runs in a virtual machine (Colima, Lima), and host-gateway is that machine, not your computer.",
        "引擎在虚拟机里（Colima、Lima），host-gateway 指的是虚拟机，不是你的电脑。";
        "Write host.docker.internal without a mapping of your own, or host.lima.internal.",
        "直接写 host.docker.internal（不要自己映射），或者 host.lima.internal。"
    }
    "wsl2-nat" {
        "The engine runs in WSL2 and the server on Windows, or the other way round: between them is NAT, and the Windows firewall.",
        "引擎在 WSL2 里、服务在 Windows 上，或者反过来：中间隔着 NAT 和 Windows 防火墙。";
        "Let the server listen on 0.0.0.0 and allow it in the Windows firewall; or networkingMode=mirrored in .wslconfig",
        "让服务监听 0.0.0.0，并在 Windows 防火墙里放行；或者在 .wslconfig 里写 networkingMode=mirrored"
    }
    "swarm-host-gateway" {
        "In a swarm host-gateway is resolved on the node that runs the task.",
        "在 swarm 里，host-gateway 按运行任务的那个节点来解析。";
        "Pin the service to the node with the server, or give the server an address of its own.",
        "把服务固定到有那个程序的节点上，或者给那个程序一个固定的地址。"
    }
    "engine-too-old" {
        "host-gateway needs Docker Engine 20.10 or newer (docker.io of older distributions is older).",
        "host-gateway 需要 Docker Engine 20.10 或更新的版本（老发行版自带的 docker.io 更旧）。";
        "docker version shows yours; update it, or write the bridge's address: ip -4 addr show docker0",
        "docker version 看版本；升级，或者写网桥的地址：ip -4 addr show docker0"
    }
    "exposed-port" {
        "A model server or database that asks for no password is published on all interfaces.",
        "不要密码的模型服务或数据库，发布到了所有网卡上。";
        "Publish on loopback: \"127.0.0.1:11434:11434\", or not at all where only services need it.",
        "只发布到本机：\"127.0.0.1:11434:11434\"；只有服务之间用的就不要发布。"
    }
    "default-secret" {
        "A password or key that is published with the project is in use.",
        "用着项目自带的、人人都知道的密码或密钥。";
        "Make one of your own: openssl rand -hex 32",
        "换成自己的：openssl rand -hex 32"
    }
    "secret-drift" {
        "Client and server have different passwords, or one has none. A database keeps the password it was made with: a new one in .env changes the client only.",
        "客户端和服务端的密码不一样，或者一边没有。数据库会一直用创建时的密码：在 .env 里改，只改到了客户端。";
        "Set the same on both sides; for a database change it inside, or start anew with an empty volume.",
        "两边设成一样；数据库要进去改密码，或者用空的卷重新开始。"
    }
    "port-conflict" {
        "Another process or container holds that port of the host.",
        "宿主机的这个端口已经被别的进程或容器占用。";
        "Who: ss -ltnp 'sport = :PORT' (or docker ps). Then stop it, or publish another: \"8081:80\"",
        "看是谁：ss -ltnp 'sport = :端口'（或 docker ps）。停掉它，或者换一个端口发布：\"8081:80\""
    }
    "gpu-runtime" {
        "The engine can't hand a GPU to a container: the NVIDIA container toolkit is missing or not set up.",
        "引擎没法把显卡交给容器：没有装好 NVIDIA Container Toolkit。";
        "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker",
        "sudo nvidia-ctk runtime configure --runtime=docker && sudo systemctl restart docker"
    }
    "memory-limit" {
        "The kernel killed the process for memory (137 is 128 + SIGKILL): over the container's limit, or the machine's.",
        "进程因为内存不够被内核杀掉了（137 = 128 + SIGKILL）：超过了容器的限制，或者机器的内存用完了。";
        "docker inspect -f '{{.State.OOMKilled}}' CONTAINER; raise mem_limit, or take a smaller model.",
        "docker inspect -f '{{.State.OOMKilled}}' 容器；调大 mem_limit，或者换小一点的模型。"
    }
    "mount-source-missing" {
        "A file that a service mounts is not there. Docker makes an empty folder of its name and mounts that.",
        "服务要挂载的文件不存在，Docker 会建一个同名的空目录挂进去。";
        "Take the folder away and put the file in its place: rmdir NAME, then docker compose up -d. Relative paths count from the folder of the first Compose file",
        "删掉那个目录，放上文件：rmdir 名字，再 docker compose up -d。相对路径从第一个 Compose 文件所在的目录算起"
    }
    "kernel-setting" {
        "The program wants a kernel setting of the host.",
        "程序需要宿主机的某个内核参数。";
        "sudo sysctl -w vm.max_map_count=262144, and in /etc/sysctl.d to keep it",
        "sudo sysctl -w vm.max_map_count=262144，并写进 /etc/sysctl.d 永久生效"
    }
    "timeout-tuning" {
        "The server was reached and took longer than the client waits: a model is loaded, or the answer is long.",
        "服务连到了，但等的时间超过了客户端的限制：模型正在加载，或者回答太长。";
        "Raise the client's timeout, load the model before (ollama run MODEL \"\"), and keep it: OLLAMA_KEEP_ALIVE=24h",
        "调大客户端的超时时间，先把模型加载好（ollama run 模型 \"\"），并让它留在内存里：OLLAMA_KEEP_ALIVE=24h"
    }
    "model-not-found" {
        "The server was reached and has no model of that name.",
        "服务连到了，但那里没有这个名字的模型。";
        "What it has: ollama list (in a container: docker compose exec ollama ollama list); get one: ollama pull NAME. The tag belongs to the name.",
        "看有哪些：ollama list（在容器里：docker compose exec ollama ollama list）；下载：ollama pull 名字。标签也是名字的一部分。"
    }
    "auth-missing" {
        "The server wants a key, or the client makes no call without one.",
        "服务端要 key，或者客户端没有 key 就不发请求。";
        "Set the client's key (OPENAI_API_KEY or the like); for a server that asks for none, such as Ollama, any word will do. Trying again with the same key does not help (401).",
        "设置客户端的 key（例如 OPENAI_API_KEY）；服务端不验证的话（比如 Ollama），随便写一个词就行。key 不变，重试没有用（401）。"
    }
    "bad-request" {
        "The server was reached and does not take the request as it is.",
        "服务连到了，但不接受这样的请求。";
        "Read the message in the answer: a model without tools, a parameter that this server does not know. The same request fails again (400).",
        "看返回的信息：可能是模型不支持工具调用，或者服务端不认识某个参数。同样的请求重试没有用（400）。"
    }
    "tls-mismatch" {
        "One side speaks HTTPS and the other plain HTTP: the first bytes are not what they wait for. Model servers in a project speak HTTP unless a proxy stands before them.",
        "一边说的是 HTTPS，另一边是普通 HTTP，第一个字节就对不上。项目里的模型服务默认只说 HTTP，除非前面有反向代理。";
        "Change https:// to http:// in the address (or the other way round), and try it: curl -v http://HOST:PORT/",
        "把地址里的 https:// 改成 http://（或者反过来），再试一下：curl -v http://主机:端口/"
    }
    "tls-certificate" {
        "The server was reached over HTTPS, and the client does not trust its certificate: signed by itself or by an authority that the container does not know, expired, or made for another name.",
        "HTTPS 连上了，但客户端不信任服务端的证书：自签名、由容器不认识的机构签发、已经过期，或者是给别的域名签的。";
        "Look at it: openssl s_client -connect HOST:443 -servername HOST </dev/null | openssl x509 -noout -subject -issuer -dates. Inside the project call the server by http://, or mount the authority's certificate and name it: SSL_CERT_FILE, REQUESTS_CA_BUNDLE (Python), NODE_EXTRA_CA_CERTS (Node.js)",
        "先看证书：openssl s_client -connect 主机:443 -servername 主机 </dev/null | openssl x509 -noout -subject -issuer -dates。项目内部直接用 http://；否则把 CA 证书挂载进容器，并用变量指明：SSL_CERT_FILE、REQUESTS_CA_BUNDLE（Python）、NODE_EXTRA_CA_CERTS（Node.js）"
    }
    "mixed-content" {
        "The page came over HTTPS, and its script calls an http:// address. Browsers block that before a packet leaves.",
        "页面是 HTTPS 打开的，脚本却去请求 http:// 地址，浏览器会直接拦下，一个包都不发。";
        "Give the model server or API an HTTPS address too (the same reverse proxy, a path of the same site), or let the application's server make the call",
        "给模型服务或 API 也配上 HTTPS（同一个反向代理、同一站点的一个路径），或者改由应用的服务端去调用"
    }
    "proxy-login" {
        "The proxy wants a user name and a password before it lets the request through.",
        "代理要求先提供用户名和密码，才放行请求。";
        "Write them into the proxy's address (HTTP_PROXY=http://USER:PASSWORD@PROXY:PORT, special characters as %40 and so on), or leave the proxy out for this host with NO_PROXY",
        "把账号写进代理地址（HTTP_PROXY=http://用户:密码@代理:端口，特殊字符写成 %40 这类编码），或者用 NO_PROXY 让这个主机不走代理"
    }
    "registry-unreachable" {
        "The engine could not reach the registry that has the image. Containers and Compose file are not at fault: the daemon makes this connection, with the daemon's own DNS and proxy.",
        "引擎连不上存放镜像的仓库。和容器、Compose 文件无关：拉镜像的是 dockerd，用的是它自己的 DNS 和代理。";
        "Try from the host: curl -I https://registry-1.docker.io/v2/. Then give the daemon a proxy (systemctl edit docker: Environment=HTTPS_PROXY=...) or a mirror (registry-mirrors in /etc/docker/daemon.json), and sudo systemctl restart docker",
        "先在宿主机上试：curl -I https://registry-1.docker.io/v2/。再给 dockerd 配代理（systemctl edit docker，写 Environment=HTTPS_PROXY=……）或镜像加速（/etc/docker/daemon.json 里的 registry-mirrors），然后 sudo systemctl restart docker"
    }
    "registry-limit" {
        "The registry counted too many pulls from this address or account. Nothing is wrong with the image.",
        "仓库认为这个地址或账号拉取得太频繁，镜像本身没有问题。";
        "docker login raises the limit; or wait (Docker Hub counts over hours), or take the image from a mirror or from ghcr.io or quay.io",
        "docker login 之后额度更高；也可以等一等（Docker Hub 按小时计数），或者换镜像加速、改用 ghcr.io、quay.io 上的镜像"
    }
    "image-missing" {
        "The registry has no such image or tag, or shows it to members only: it says \"denied\" for both. A name without a registry is looked for on Docker Hub.",
        "仓库里没有这个镜像或标签，或者它是私有的：两种情况都报 denied。名字里没写仓库地址的，会去 Docker Hub 找。";
        "Compare name and tag with the image's page; docker manifest inspect IMAGE:TAG asks the registry. Private: docker login REGISTRY. An image that the project builds: docker compose build, or pull_policy: build",
        "对照镜像主页检查名字和标签；docker manifest inspect 镜像:标签 可以直接问仓库。私有镜像：docker login 仓库地址。本项目自己构建的镜像：docker compose build，或者写 pull_policy: build"
    }
    "image-platform" {
        "The image was made for another processor (amd64 on an ARM machine, or the other way round).",
        "镜像是给另一种处理器做的（在 ARM 机器上用了 amd64 的镜像，或者反过来）。";
        "docker manifest inspect IMAGE shows the platforms; take a tag that has yours. To emulate: platform: linux/amd64 and docker run --privileged --rm tonistiigi/binfmt --install amd64 (slow, and without GPU)",
        "docker manifest inspect 镜像 会列出支持的平台，换一个支持本机的标签。要模拟运行：写 platform: linux/amd64，再执行 docker run --privileged --rm tonistiigi/binfmt --install amd64（慢，而且不能用显卡）"
    }
    "engine-permission" {
        "This user may not talk to the engine: the socket belongs to root and the group docker.",
        "当前用户没有权限访问 Docker 引擎：套接字属于 root 和 docker 组。";
        "sudo usermod -aG docker $USER, then log in anew (who is in that group is as good as root). A container with the socket mounted needs the group's number: group_add: [\"999\"] (getent group docker)",
        "sudo usermod -aG docker $USER，再重新登录（进了这个组就等于有了 root 权限）。挂载了套接字的容器要加上这个组的编号：group_add: [\"999\"]（用 getent group docker 查）"
    }
    "engine-not-running" {
        "Nobody answers at the engine's socket: the daemon is not running, or the context points elsewhere.",
        "引擎的套接字没有应答：dockerd 没有运行，或者 context 指到了别处。";
        "systemctl status docker (Docker Desktop: is it started?); docker context ls and DOCKER_HOST say where the client looks",
        "systemctl status docker（Docker Desktop：看它有没有启动）；docker context ls 和 DOCKER_HOST 说明客户端连的是哪里"
    }
    "mount-denied" {
        "Docker Desktop hands only shared folders to containers, and this path is in none of them.",
        "Docker Desktop 只把共享的目录交给容器，而这个路径不在其中。";
        "Settings > Resources > File sharing: add the folder; or move the project below your home folder",
        "在 Settings > Resources > File sharing 里加上这个目录；或者把项目移到用户目录下面"
    }
    "address-pools" {
        "The engine has no address range left for another network, or the range that the file names is taken (other networks, a VPN).",
        "引擎没有空闲的网段可以建新网络，或者文件里写的网段已经被占用（别的网络、VPN）。";
        "docker network prune takes away unused networks; else set ranges of your own under default-address-pools in /etc/docker/daemon.json, or another subnet in the file",
        "docker network prune 删掉没用的网络；还不够就在 /etc/docker/daemon.json 的 default-address-pools 里设自己的网段，或者在文件里换一个 subnet"
    }
    "container-name-taken" {
        "Another container, also a stopped one, has that name. container_name is one name for the whole engine.",
        "已经有别的容器（停止的也算）用了这个名字。container_name 在整个引擎里只能有一个。";
        "docker ps -a --filter name=NAME shows whose it is; docker rm it, or leave container_name out and let Compose name it",
        "docker ps -a --filter name=名字 看是谁的；用 docker rm 删掉，或者去掉 container_name，让 Compose 自己起名"
    }
    "stale-network" {
        "The container was made for a network that has been removed since. Starting it again looks for the old one.",
        "容器创建时用的网络后来被删了，再启动时找的还是旧的那个。";
        "docker compose up -d --force-recreate, or docker compose down and up",
        "docker compose up -d --force-recreate，或者先 docker compose down 再 up"
    }
    "undefined-reference" {
        "A service names a volume, network, config, secret or service that the files do not define.",
        "服务引用的卷、网络、config、secret 或服务，在文件里没有定义。";
        "Define it at the top level (volumes:, networks: ...), or correct the name: dockline lint says where and which name is near",
        "在顶层定义它（volumes:、networks: 等），或者改正名字：dockline lint 会指出位置和相近的名字"
    }
    "compose-file" {
        "Compose does not take the file: its YAML or an attribute is wrong.",
        "Compose 不接受这个文件：YAML 写错了，或者某个属性不对。";
        "dockline lint shows the line, and what was meant where it can tell",
        "dockline lint 会指出是哪一行，能判断的话还会给出正确写法"
    }
    "permission" {
        "A process in the container may not read (or write) a mounted path: its user is another than the path's owner.",
        "容器里的进程没有权限读（或写）挂载进来的路径：它的用户不是这个路径的所有者。";
        "Give the path to that user (sudo chown -R UID PATH), or let the container run as the owner: user: \"1000:1000\". ls -ln PATH shows the numbers",
        "把路径给那个用户（sudo chown -R UID 路径），或者让容器以所有者的身份运行：user: \"1000:1000\"。ls -ln 路径 可以看到编号"
    }
    "disk-full" {
        "The disk is full, or so full that the program refuses to write.",
        "磁盘满了，或者满到程序拒绝写入。";
        "df -h and docker system df; docker system prune removes stopped containers and unused networks and images, docker builder prune the build cache. Models lie in ~/.ollama or the volume of the service: ollama rm MODEL",
        "先看 df -h 和 docker system df；docker system prune 清理停止的容器、没用的网络和镜像，docker builder prune 清理构建缓存。模型在 ~/.ollama 或服务的卷里：ollama rm 模型"
    }
    "file-descriptors" {
        "The process has as many files and connections open as it may.",
        "进程打开的文件和连接数到了上限。";
        "Give the service ulimits: nofile: {soft: 65536, hard: 65536}; docker compose exec SERVICE sh -c 'ulimit -n' shows what it has. If the number grows without end, connections are not closed",
        "给服务写 ulimits: nofile: {soft: 65536, hard: 65536}；docker compose exec 服务名 sh -c 'ulimit -n' 看当前值。如果打开数一直涨，就是有连接没有关闭"
    }
    "volume-version" {
        "The data in the volume was written by another major version, which this one can't read.",
        "卷里的数据是另一个大版本写的，当前版本读不了。";
        "Go back to the image's old tag, dump the data, and load it into the new version with an empty volume. Back up the volume first",
        "先换回旧版本的镜像，导出数据，再用空的卷导入新版本。动手前先备份卷"
    }
    "gpu-memory" {
        "The model and its context do not fit into the GPU's free memory.",
        "模型和上下文放不进显卡的剩余显存。";
        "nvidia-smi shows who holds it. Take a smaller model or quantisation, a shorter context (num_ctx, --max-model-len), fewer parallel requests (OLLAMA_NUM_PARALLEL), or unload others (ollama stop MODEL); vLLM: --gpu-memory-utilization",
        "nvidia-smi 看谁占着显存。换小一点的模型或量化版本，缩短上下文（num_ctx、--max-model-len），减少并发（OLLAMA_NUM_PARALLEL），或者卸载别的模型（ollama stop 模型）；vLLM 看 --gpu-memory-utilization"
    }
    "model-load-failed" {
        "The server runs, and the process that loads the model died: too little memory, or a model file that this version can't read.",
        "服务在运行，但加载模型的进程挂了：内存不够，或者这个版本读不了这个模型文件。";
        "The server's log says why (docker compose logs SERVICE, journalctl -u ollama); update the server for a new model, pull the model again, or take a smaller one",
        "看服务的日志（docker compose logs 服务名、journalctl -u ollama）；新模型要升级服务，或者重新拉取模型，或者换小一点的"
    }
    "context-too-long" {
        "The request has more tokens than the model or server takes.",
        "请求的 token 数超过了模型或服务的上限。";
        "The same request fails again: send less (fewer or smaller passages, a shorter history), or raise the server's limit (num_ctx, --max-model-len)",
        "重试没有用：减少内容（检索片段少一点、历史短一点），或者调大服务端的上限（num_ctx、--max-model-len）"
    }
    "quota" {
        "The account or token has no credit left. The address and the key are right.",
        "账号或令牌的额度用完了。地址和 key 都没有问题。";
        "Trying again does not help. One-API / New-API: raise the token's quota and the user's (they are two); else top up the account with the provider",
        "重试没有用。One-API / New-API：令牌额度和用户额度是分开的，两个都要够；其他服务到提供方充值"
    }
    "forbidden" {
        "The server knows the key and does not allow it this: model, region, address or action (403).",
        "服务端认识这个 key，但不允许做这件事：模型、地区、来源地址或操作没有权限（403）。";
        "Trying again does not help. Look at what the key may do and from where; from Ollama a 403 means the page's origin: dockline explain cors-origins",
        "重试没有用。看这个 key 有哪些权限、限制从哪里访问；Ollama 返回 403 是因为页面来源：dockline explain cors-origins"
    }
    "rate-limited" {
        "Too many requests at once, or in this minute (429), or the server's queue is full.",
        "同时的请求太多，或者这一分钟内太多（429），也可能是服务端的队列满了。";
        "Try again after a while, each time twice as long (Retry-After says how long), with fewer at the same time. Ollama: OLLAMA_NUM_PARALLEL and OLLAMA_MAX_QUEUE",
        "过一会儿再试，间隔逐次加倍（以 Retry-After 为准），并减少并发。Ollama：OLLAMA_NUM_PARALLEL 和 OLLAMA_MAX_QUEUE"
    }
    "body-too-large" {
        "A proxy refused the upload for its size; nginx takes 1 MB unless told otherwise.",
        "反向代理嫌上传的内容太大；nginx 默认只收 1 MB。";
        "client_max_body_size 100m; in the server block of nginx (Dify: NGINX_CLIENT_MAX_BODY_SIZE), then reload it",
        "在 nginx 的 server 段里写 client_max_body_size 100m;（Dify：NGINX_CLIENT_MAX_BODY_SIZE），再重新加载"
    }
    "gateway-timeout" {
        "A proxy waited for the server behind it, and gave up (504). The server may still be at work: it loads a model, or the answer is long.",
        "反向代理等后面的服务等到超时，放弃了（504）。那个服务可能还在干活：正在加载模型，或者回答很长。";
        "Let the proxy wait longer (nginx: proxy_read_timeout 600s;), stream the answer, and keep the model loaded (OLLAMA_KEEP_ALIVE)",
        "让代理多等一会儿（nginx：proxy_read_timeout 600s;），用流式输出，并让模型常驻内存（OLLAMA_KEEP_ALIVE）"
    }
    "bad-gateway" {
        "A proxy answered, and the server behind it did not: it is down, starting, or at another address than the proxy thinks.",
        "应答的是反向代理，它后面的服务没有应答：没启动、正在启动，或者地址和代理配置的不一样。";
        "Look at the proxy's log for the address that it tried (docker compose logs nginx), then at that service: docker compose ps -a. Worth trying again once it is up",
        "看代理的日志里连的是哪个地址（docker compose logs nginx），再看那个服务：docker compose ps -a。服务起来以后可以重试"
    }
    "server-overloaded" {
        "The server or a proxy says that it can't answer now (503): starting, loading a model, overloaded, or without a backend.",
        "服务或代理说现在无法应答（503）：正在启动、正在加载模型、过载，或者后面没有可用的服务。";
        "Try again after a while; if it stays, docker compose ps -a and the log of that server. One-API / New-API: a channel for this model must be enabled for the group",
        "过一会儿重试；一直这样就看 docker compose ps -a 和那个服务的日志。One-API / New-API：这个模型在该分组里要有启用的渠道"
    }
    "server-error" {
        "The server was reached and failed inside (500). The client's message seldom says why.",
        "服务连上了，但内部出错（500）。客户端的报错里一般看不出原因。";
        "Read that server's own log at the same second: docker compose logs --since 5m SERVICE. Try again once; the same request fails the same way as a rule",
        "看那个服务同一时刻的日志：docker compose logs --since 5m 服务名。可以重试一次；同样的请求一般会同样失败"
    }
    "nginx-resolver" {
        "nginx has a name in a variable and no server to look it up with.",
        "nginx 的变量里有域名，但没有配置用来解析的 DNS。";
        "resolver 127.0.0.11 valid=10s; in the server block: that is Docker's DNS",
        "在 server 段里写 resolver 127.0.0.11 valid=10s; 这是 Docker 的 DNS"
    }
    "stream-cut" {
        "The answer broke off in the middle: a proxy's read timeout ran out, or the server died while it spoke.",
        "回答传到一半断了：反向代理的读超时到了，或者服务在输出时挂了。";
        "proxy_read_timeout 600s; and proxy_buffering off; at the proxy. If it breaks without one: docker inspect -f '{{.State.OOMKilled}} {{.RestartCount}}' CONTAINER",
        "在反向代理上写 proxy_read_timeout 600s; 和 proxy_buffering off;。没有代理也断的话：docker inspect -f '{{.State.OOMKilled}} {{.RestartCount}}' 容器"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_that_is_named_has_a_page() {
        for rule in crate::rules::ALL {
            for slug in rule.causes {
                assert!(cause(slug).is_some(), "{} names {slug}", rule.id);
            }
        }
        for signature in crate::catalog::signatures() {
            if let crate::catalog::Says::Causes(causes) = &signature.says {
                for slug in causes {
                    assert!(cause(slug).is_some(), "errors.txt:{} names {slug}", signature.line);
                }
            }
        }
    }

    #[test]
    fn each_cause_stands_once() {
        let mut seen = std::collections::HashSet::new();
        assert!(CAUSES.iter().all(|c| seen.insert(c.slug)));
    }
}
