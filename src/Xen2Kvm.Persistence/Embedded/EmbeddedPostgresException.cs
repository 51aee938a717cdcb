namespace Xen2Kvm.Persistence.Embedded;

/// <summary>The private PostgreSQL cluster cannot be used; the message says why and what to do.</summary>
public sealed class EmbeddedPostgresException(string message, Exception? inner = null) : Exception(message, inner);
