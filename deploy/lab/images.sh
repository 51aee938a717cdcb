# shellcheck shell=bash
# `build`: every image, each under a key of its recipe. A recipe that has not changed is not run again.

# recipe_key IMAGE: a hash of what the image is made from. Guests carry dom0's modules, xen1 carries the guests.
recipe_key() {
    local guest
    {
        cat "$LAB_SOURCE/machines.sh" "$LAB_SOURCE/recipes/common.sh" "$LAB_SOURCE/recipes/${1%-tree}.sh" "$LAB_KEY.pub"
        cat "$KEYS/host_${1%-tree}.pub"
        case $1 in
            files | old) recipe_key xen1-tree ;;
            xen1)
                cat "$LAB_SOURCE/recipes/configs.sh"
                for guest in "${GUESTS[@]}"; do recipe_key "$guest"; done
                ;;
        esac
    } | sha256sum | cut -c1-16
}

is_built() { [ "$(cat "$IMAGES/$1.key" 2>/dev/null)" = "$(recipe_key "$1")" ]; }

all_built() {
    local image
    [ -f "$LAB_KEY.pub" ] || return 1
    for image in xen1-tree files web old xen1 kvm1; do is_built "$image" || return 1; done
}

# make_image IMAGE TEXT FUNCTION [TEXT FUNCTION]…
make_image() {
    local image=$1
    shift
    if is_built "$image"; then return; fi
    rm -f "$IMAGES/$image.key"
    # What was made from the image that is about to go.
    if [ "$image" != kvm1 ]; then rm -f "$IMAGES/xen1.key" "$IMAGES/ready.key"; fi
    while [ $# -gt 0 ]; do
        step "$image: $1" "$2" || return 1
        shift 2
    done
    recipe_key "$image" >"$IMAGES/$image.key"
}

verb_build() {
    need_root
    mkdir -p "$IMAGES" "$TREES" "$LOGS"
    make_keys
    if all_built; then return; fi
    if xen1_running || kvm1_running; then die "the running lab uses the images: call down first"; fi
    verb_packages
    say "images: building what is missing in $LAB_DIR (all of it takes about five minutes)"
    # Two lanes: the packages' scripts are single threads, and the machines have two cores or more.
    {
        make_image xen1-tree 'root file system' tree_xen1 &&
            make_image files 'root file system' tree_files 'disk images' image_files &&
            make_image old 'root file system' tree_old 'disk images' image_old
    } &
    local lane=$! failed=0
    {
        make_image web 'root file system' tree_web 'disk image' image_web &&
            make_image kvm1 'root file system and appliance' tree_kvm1
    } || failed=1
    wait "$lane" || failed=1
    [ $failed -eq 0 ] || die "images are missing; what was built is kept, call build again"
    make_image xen1 'root disk and volume group' image_xen1 || exit 1
}
