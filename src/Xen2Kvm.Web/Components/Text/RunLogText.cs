using System.Globalization;
using System.Text;
using Xen2Kvm.Domain.Runs;

namespace Xen2Kvm.Web.Components.Text;

/// <summary>A run's log as plain text, for a file or the clipboard.</summary>
public static class RunLogText
{
    /// <summary>Appends one line with its end: time in UTC with milliseconds, level, step, text; without times, level and step too are left out.</summary>
    public static void Line(StringBuilder text, RunLogLine line, bool times)
    {
        if (times)
        {
            text.Append(CultureInfo.InvariantCulture, $"{line.At.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {StateWords.Level(line.Level),-7} {line.StepId ?? "run",-9} ");
        }

        text.Append(line.Text).Append('\n');
    }
}
