namespace Xen2Kvm.Persistence.Rows;

/// <summary>One act in the audit log. A trigger refuses every change and removal.</summary>
internal sealed class AuditRow
{
    public long Id { get; set; }

    public DateTimeOffset At { get; set; }

    public string By { get; set; } = "";

    public string Action { get; set; } = "";

    public string Subject { get; set; } = "";

    public string Detail { get; set; } = "";

    /// <summary>Its link of the chain; empty only in rows of before there was one, until the next start.</summary>
    public byte[] Hash { get; set; } = [];
}

/// <summary>An API token, by the SHA-256 hash of its plain text.</summary>
internal sealed class ApiTokenRow
{
    public Guid Id { get; set; }

    public byte[] Hash { get; set; } = [];

    public string Name { get; set; } = "";

    public string Owner { get; set; } = "";

    public string Role { get; set; } = "";

    public string Scope { get; set; } = "";

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? LastUsedAt { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>The groups of hosts that it is limited to; null for no limit.</summary>
    public Guid[]? Groups { get; set; }
}

/// <summary>A role of an account on one group of hosts or on one wave.</summary>
internal sealed class GrantRow
{
    public Guid Id { get; set; }

    public Guid UserId { get; set; }

    public string Role { get; set; } = "";

    public Guid? GroupId { get; set; }

    public Guid? WaveId { get; set; }
}

/// <summary>A browser in which somebody has signed in.</summary>
internal sealed class SessionRow
{
    public Guid Id { get; set; }

    public Guid UserId { get; set; }

    public DateTimeOffset Since { get; set; }

    public DateTimeOffset LastSeenAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    public string Address { get; set; } = "";

    public string UserAgent { get; set; } = "";
}

/// <summary>A key of the Data Protection key ring that all nodes share.</summary>
internal sealed class DataProtectionKeyRow
{
    public long Id { get; set; }

    public string FriendlyName { get; set; } = "";

    public string Xml { get; set; } = "";
}

/// <summary>A setting of the whole installation.</summary>
internal sealed class SettingRow
{
    public string Key { get; set; } = "";

    /// <summary>The value as JSON.</summary>
    public string Value { get; set; } = "null";

    public DateTimeOffset UpdatedAt { get; set; }
}
