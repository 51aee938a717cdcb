# shellcheck shell=bash
# The guests' configurations in /etc/xen on xen1, each in the style of its time.

config_files() {
    cat <<CFG
#
# Configuration file for the Xen instance files, created
# by xen-tools 4.9.2 on Tue Mar  5 09:12:44 2024.
#

#
#  Kernel + memory size
#
kernel      = '/boot/vmlinuz-$(dom0_kernel)'
extra       = 'elevator=noop'
ramdisk     = '/boot/initrd.img-$(dom0_kernel)'

vcpus       = '1'
memory      = '256'


#
#  Disk device(s).
#
root        = '/dev/xvda1 ro'
disk        = [
                  'phy:/dev/vg0/files-root,xvda1,w',
                  'phy:/dev/vg0/files-var,xvda2,w',
                  'phy:/dev/vg0/files-swap,xvda3,w',
              ]


#
#  Physical volumes
#


#
#  Hostname
#
name        = 'files'

#
#  Networking
#
vif         = [ 'mac=${MAC[files]},bridge=xenbr0' ]

#
#  Behaviour
#
on_poweroff = 'destroy'
on_reboot   = 'restart'
on_crash    = 'restart'
CFG
}

config_web() {
    cat <<CFG
# web server, installed 2021, disk is one volume
name       = "web"
type       = "pv"
bootloader = "pygrub"
memory     = 320
maxmem     = 320
vcpus      = 1
disk       = [ "/dev/vg0/web-disk,raw,xvda,rw" ]
vif        = [ "mac=${MAC[web]}, bridge=xenbr0" ]
on_poweroff = "destroy"
on_reboot   = "restart"
on_crash    = "restart"
CFG
}

config_old() {
    cat <<CFG
#
# Configuration file for the Xen instance old, created
# by xen-tools 3.9 on Wed May 19 02:56:03 2010.
#

#
#  Kernel + memory size
#
kernel  = '/boot/vmlinuz-$(dom0_kernel)'
ramdisk = '/boot/initrd.img-$(dom0_kernel)'
memory  = '256'

#
#  Disk device(s).
#
root    = '/dev/xvda1 ro'
disk    = [
            'file:/srv/xen/old-swap.img,sda2,w',
            'file:/srv/xen/old-root.img,sda1,w',
          ]

#
#  Hostname
#
name    = 'old'

#
#  Networking
#
vif     = [ 'mac=00:16:3E:77:00:33' ]

#
#  Behaviour
#
on_poweroff = 'destroy'
on_reboot   = 'restart'
on_crash    = 'restart'

#cpus="0-7"
extra = 'console=hvc0 xencons=tty net.ifnames=0'
CFG
}
