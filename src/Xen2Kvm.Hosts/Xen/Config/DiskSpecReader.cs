namespace Xen2Kvm.Hosts.Xen.Config;

/// <summary>Reads one disk entry parameter by parameter, as libxlu_disk_l.l does, and forgives what only xm understood.</summary>
internal sealed class DiskSpecReader(string text)
{
    private readonly List<string> _prefixes = [];
    private readonly List<ConfigProblem> _problems = [];
    private readonly SortedDictionary<string, string> _extra = new(StringComparer.Ordinal);
    private string? _target;
    private DiskFormat? _format;
    private string? _vdev;
    private bool? _readOnly;
    private bool _accessSet;
    private bool _shared;
    private bool? _cdrom;
    private string? _backend;
    private string? _backendType;
    private string? _script;
    private string? _specification;
    private bool _directIoSafe;
    private bool? _discard;
    private bool? _trusted;

    public DiskSpec Read()
    {
        var rest = text.AsSpan();
        while (true)
        {
            rest = rest.TrimStart(" \t\r\n");
            if (rest.IsEmpty)
            {
                break;
            }

            if (rest.StartsWith("target=", StringComparison.Ordinal))
            {
                // Eats the rest of the entry, commas and all; one last comma is dropped as libxlu does.
                var target = rest["target=".Length..];
                Once(ref _target, (target.EndsWith(",", StringComparison.Ordinal) ? target[..^1] : target).ToString(), "target");
                break;
            }

            if (DiskWords.PrefixOf(rest) is { } prefix && TakePrefix(prefix, rest[(prefix.Length + 1)..]))
            {
                rest = rest[(prefix.Length + 1)..];
                continue;
            }

            var comma = rest.IndexOf(',');
            var parameter = (comma < 0 ? rest : rest[..comma]).TrimEnd(" \t\r\n").ToString();
            rest = comma < 0 ? [] : rest[(comma + 1)..];
            Take(parameter);
        }

        return Finish();
    }

    private bool TakePrefix(string prefix, ReadOnlySpan<char> after)
    {
        switch (prefix)
        {
            case "raw" or "qcow" or "qcow2" or "vhd" or "vmdk":
                SetFormat(prefix);
                break;
            case "iscsi" or "nbd" or "enbd" or "drbd":
                Once(ref _script, "block-" + prefix, "script");
                break;
            case var known when DiskWords.IgnoredPrefixes.Contains(known):
                break;
            default:
                // libxlu: a path or nothing behind an unknown prefix is an error; a word behind it makes it part of the target or vdev.
                if (after.IsEmpty || !(char.IsAsciiLetterLower(after[0]) || char.IsAsciiDigit(after[0])))
                {
                    Wrong(prefix + ":", "Unknown prefix");
                    break;
                }

                return false;
        }

        _prefixes.Add(prefix);
        return true;
    }

    private void Take(string parameter)
    {
        if (DiskWords.Flags.Contains(parameter))
        {
            TakeFlag(parameter);
            return;
        }

        var equals = parameter.IndexOf('=', StringComparison.Ordinal);
        if (equals > 0 && DiskWords.IsKey(parameter.AsSpan(0, equals)))
        {
            TakeKey(parameter[..equals], parameter[(equals + 1)..]);
        }
        else
        {
            TakePositional(parameter);
        }
    }

    private void TakeFlag(string flag)
    {
        switch (flag)
        {
            case "cdrom":
                _cdrom = true;
                break;
            case "direct-io-safe":
                _directIoSafe = true;
                break;
            case "discard" or "no-discard":
                _discard = flag == "discard";
                break;
            case "trusted" or "untrusted":
                _trusted = flag == "trusted";
                break;
            default:
                _extra[flag] = "";
                break;
        }
    }

    private void TakeKey(string key, string value)
    {
        switch (key)
        {
            case "format":
                SetFormat(value);
                break;
            case "vdev":
                Once(ref _vdev, value, "vdev");
                break;
            case "access":
                SetAccess(value);
                break;
            case "devtype" when value is "cdrom" or "disk":
                _cdrom = value == "cdrom";
                break;
            case "backend":
                Once(ref _backend, value, "backend");
                break;
            case "backendtype":
                Known(value, "backendtype", "phy", "tap", "qdisk", "standalone");
                Once(ref _backendType, value, "backendtype");
                break;
            case "specification":
                Known(value, "specification", "xen", "virtio");
                Once(ref _specification, value, "specification");
                break;
            case "script":
                Once(ref _script, value, "script");
                break;
            default:
                _extra[key] = value;
                if (!DiskWords.KeptKeys.Contains(key))
                {
                    Wrong($"{key}={value}", "Unknown disk parameter");
                }

                break;
        }
    }

    private void TakePositional(string value)
    {
        if (_target is null)
        {
            _target = value;
        }
        else if (_prefixes.Count == 0 && _format is null)
        {
            // xend's empty CD drive is ",hdc:cdrom,r": no target, then at once the device.
            if (_target.Length == 0 && TakeVdevWithType(value))
            {
                _format = DiskFormat.Empty;
            }
            else
            {
                SetFormat(value);
            }
        }
        else if (_vdev is null)
        {
            if (!TakeVdevWithType(value))
            {
                _vdev = value;
            }
        }
        else if (!_accessSet)
        {
            _accessSet = true;
            SetAccess(value);
        }
        else if (_prefixes.Count > 0 && _backend is null)
        {
            // xm's fourth field: the domain that provides the disk (xmdomain.cfg(5), xm create --help).
            _backend = value.Length > 0 ? value : null;
        }
        else
        {
            Wrong(value, "Too many fields");
        }
    }

    /// <summary>vdev:cdrom or vdev:disk.</summary>
    private bool TakeVdevWithType(string value)
    {
        var colon = value.LastIndexOf(':');
        if (colon < 0)
        {
            return false;
        }

        Once(ref _vdev, value[..colon], "vdev");
        var type = value[(colon + 1)..];
        if (type is "cdrom" or "disk")
        {
            _cdrom = type == "cdrom";
        }
        else
        {
            Wrong(value, "Unknown device type");
        }

        return true;
    }

    private void SetFormat(string value)
    {
        var format = DiskWords.Format(value);
        if (format == DiskFormat.Unknown)
        {
            Wrong(value, "Unknown disk format");
        }

        if (_format is not null && _format != format)
        {
            Wrong(value, "The format is given twice");
            return;
        }

        _format = format;
    }

    private void SetAccess(string value)
    {
        var mode = value.EndsWith('!') ? value[..^1] : value;
        _shared |= mode.Length != value.Length;
        if (mode is "r" or "ro")
        {
            _readOnly = true;
        }
        else if (mode is "" or "w" or "rw")
        {
            _readOnly = false;
        }
        else
        {
            Wrong(value, "Unknown access mode (r, ro, w, rw)");
        }
    }

    private DiskSpec Finish()
    {
        var cdrom = _cdrom ?? false;
        var target = _target ?? "";
        if (string.IsNullOrEmpty(_vdev))
        {
            Wrong("", "The disk has no vdev");
        }
        else if (Vdev.Parse(_vdev) is null)
        {
            Wrong(_vdev, "Unknown vdev");
        }

        if (_target is null && !cdrom)
        {
            Wrong("", "The disk has no target");
        }

        return new DiskSpec
        {
            Text = text,
            Target = target,
            Format = cdrom && target.Length == 0 ? DiskFormat.Empty : _format ?? DiskFormat.Raw,
            VdevText = _vdev ?? "",
            Vdev = Vdev.Parse(_vdev),
            ReadOnly = cdrom || (_readOnly ?? false),
            Shared = _shared,
            IsCdrom = cdrom,
            Backend = _backend,
            BackendType = _backendType,
            Script = string.IsNullOrEmpty(_script) ? null : _script,
            Specification = _specification,
            DirectIoSafe = _directIoSafe,
            Discard = _discard,
            Trusted = _trusted,
            Prefixes = _prefixes,
            Extra = _extra,
            Problems = _problems,
        };
    }

    private void Once(ref string? field, string value, string what)
    {
        // libxlu lets a word be said twice, but not a name.
        if (!string.IsNullOrEmpty(field) && !(field == value && (what is "backendtype" or "specification")))
        {
            Wrong(value, $"The {what} is given twice");
            return;
        }

        field = value;
    }

    private void Known(string value, string what, params ReadOnlySpan<string> words)
    {
        if (!words.Contains(value))
        {
            Wrong(value, $"Unknown {what}");
        }
    }

    private void Wrong(string shown, string message) =>
        _problems.Add(new ConfigProblem(ConfigProblemKind.Value, 0, 0, Secrets.Show(shown), $"{message} in disk '{Secrets.Show(text)}'", "disk"));
}
