# shellcheck shell=bash
# What the lab tells about itself: `env` for programs, `status` for people and, with --json, for programs.

verb_env() {
    [ -f "$KNOWN_HOSTS" ] || die "nothing is built yet: call build"
    local name kind host_key
    {
        for name in "${HOSTS[@]}"; do
            kind=kvm
            if [ "$name" = xen1 ]; then kind=xen; fi
            host_key=$(cut -d' ' -f1,2 "$KEYS/host_$name.pub")
            jq -nc --arg name "$name" --arg kind "$kind" --arg address "${ADDRESS[$name]}" --arg key "$LAB_KEY" \
                --arg hostKey "$host_key" \
                --arg fingerprint "$(ssh-keygen -lf "$KEYS/host_$name.pub" -E sha256 | cut -d' ' -f2)" \
                --arg operator "$OPERATOR" --arg password "$OPERATOR_PASSWORD" \
                '{list:"hosts", row:{name:$name, kind:$kind, address:$address, port:22, user:"root", privateKey:$key,
                  hostKeys:[{line:$hostKey, fingerprint:$fingerprint}],
                  operator:{user:$operator, password:$password, sudo:true}}}'
        done
        for name in "${GUESTS[@]}"; do
            jq -nc --arg name "$name" --arg mac "${MAC[$name]}" --arg ip "${ADDRESS[$name]}" --arg key "$LAB_KEY" \
                --arg hostKey "$(cut -d' ' -f1,2 "$KEYS/host_$name.pub")" \
                '{list:"guests", row:{name:$name, host:"xen1", config:"/etc/xen/\($name).cfg", mac:$mac, ip:$ip,
                  tcpPort:80, user:"root", privateKey:$key, hostKey:$hostKey,
                  checksums:{directory:"/srv/data", list:"/srv/data/SHA256SUMS", url:"http://\($ip)/SHA256SUMS",
                  command:"cd /srv/data && sha256sum -c --quiet SHA256SUMS"}}}'
        done
    } | jq -s --arg state "$LAB_DIR" --arg knownHosts "$KNOWN_HOSTS" --arg dashboard "$DASHBOARD_ADDRESS" \
        '{stateDirectory:$state, knownHosts:$knownHosts, dashboardAddress:$dashboard, network:"10.77.0.0/24",
          hosts:[.[]|select(.list=="hosts").row], guests:[.[]|select(.list=="guests").row]}'
}

machine_answers() {
    local ping=false ssh=false http=null
    if answers_ping "$1" >/dev/null 2>&1; then
        ping=true
        if answers_ssh "$1" >/dev/null 2>&1 </dev/null; then ssh=true; fi
    fi
    if is_guest "$1"; then
        http=false
        if [ $ping = true ] && answers_http "$1" 2>/dev/null; then http=true; fi
    fi
    jq -nc --arg name "$1" --arg address "${ADDRESS[$1]}" --argjson ping $ping --argjson ssh $ssh --argjson http $http \
        '{name:$name, address:$address, ping:$ping, ssh:$ssh, http:$http}'
}

# running_on HOST COMMAND DIRECTORY: the names the host lists; no file when it does not answer.
running_on() {
    if lab_ssh "$1" "$2" >"$3/list-$1" 2>/dev/null </dev/null; then mv "$3/list-$1" "$3/on-$1"; fi
}

status_json() {
    local dir name built=false kvm=false
    dir=$(mktemp -d)
    if [ -d "$KEYS" ] && all_built; then built=true; fi
    if [ -f "$LAB_DIR/kvm-probe" ] && kvm_works; then kvm=true; fi
    if xen1_running && kvm1_running; then
        for name in "${MACHINES[@]}"; do machine_answers "$name" >"$dir/$name" 9>&- & done
        running_on xen1 "xl list | awk 'NR > 2 {print \$1}'" "$dir" 9>&- &
        running_on kvm1 'virsh -q list --name' "$dir" 9>&- &
        wait
    fi
    for name in "${MACHINES[@]}"; do
        if [ -s "$dir/$name" ]; then cat "$dir/$name"; else
            jq -nc --arg name "$name" --arg address "${ADDRESS[$name]}" \
                '{name:$name, address:$address, ping:false, ssh:false, http:null}'
        fi
    done | jq -s --argjson built $built --argjson kvm $kvm \
        --argjson on "$(jq -nc --rawfile xen <(cat "$dir/on-xen1" 2>/dev/null || echo '?') \
            --rawfile kvm <(cat "$dir/on-kvm1" 2>/dev/null || echo '?') \
            '{xen1: $xen, kvm1: $kvm} | map_values(split("\n"))')" \
        --argjson hosts "$(printf '%s\n' "${HOSTS[@]}" | jq -R . | jq -sc .)" '
        { built: $built, kvmUsable: $kvm,
            hosts: [.[] | select(.name | IN($hosts[])) | del(.http)],
            guests: [.[] | select(.name | IN($hosts[]) | not) | .name as $guest
              | . + {runsOn: [$on | to_entries[] | select(.value | index($guest)) | .key],
                     runsOnIsKnown: ([$on[] | index("?") == null] | all)}] }
        | . + {up: ([.hosts[].ssh] | all)}'
    rm -rf "$dir"
}

# Exit codes: 0 both hosts answer, 3 the lab is not up.
verb_status() {
    local state
    case ${1:-} in
        '' | --json) ;;
        *) usage; exit 2 ;;
    esac
    state=$(status_json)
    if [ "${1:-}" = --json ]; then
        printf '%s\n' "$state"
    else
        jq -r 'def mark: if . == null then "-" elif . then "yes" else "no" end;
            "images \(if .built then "built" else "missing" end), hardware virtualisation \(if .kvmUsable then "works" else "not usable (emulated)" end)",
            (["NAME", "ADDRESS", "PING", "SSH", "HTTP", "RUNS ON"] | @tsv),
            (.hosts[] | [.name, .address, (.ping|mark), (.ssh|mark), "-", "-"] | @tsv),
            (.guests[] | [.name, .address, (.ping|mark), (.ssh|mark), (.http|mark),
                (if .runsOn == [] then (if .runsOnIsKnown then "nowhere" else "unknown" end) else (.runsOn|join(" and ")) end)] | @tsv)' <<<"$state" |
            awk -F'\t' 'NF < 2 {print; next} {printf "%-7s %-12s %-5s %-5s %-5s %s\n", $1, $2, $3, $4, $5, $6}'
    fi
    [ "$(jq .up <<<"$state")" = true ] || exit 3
}
