using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Xen2Kvm.Persistence.Model;

/// <summary>Times go to the database in UTC (timestamptz takes nothing else); it keeps microseconds.</summary>
internal sealed class UtcConverter() : ValueConverter<DateTimeOffset, DateTimeOffset>(time => time.ToUniversalTime(), time => time);
