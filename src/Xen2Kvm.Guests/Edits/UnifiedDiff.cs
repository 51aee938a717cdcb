using System.Globalization;
using System.Text;

namespace Xen2Kvm.Guests.Edits;

/// <summary>Shows the difference of two texts as a unified diff with three lines of context.</summary>
public static class UnifiedDiff
{
    private const int Context = 3;

    // Above this many cells of the comparison table the changed middle is shown as one block: still true, only longer.
    private const long MaxCells = 4_000_000;

    /// <summary>The diff; empty when the texts are equal.</summary>
    /// <param name="path">Absolute path in the guest, shown as a/… and b/….</param>
    /// <param name="before">Old text; null when the file is new.</param>
    /// <param name="after">New text; null when the file is removed.</param>
    public static string Create(string path, string? before, string? after)
    {
        if (string.Equals(before, after, StringComparison.Ordinal))
        {
            return "";
        }

        var old = TextLines.Split(before ?? "");
        var @new = TextLines.Split(after ?? "");
        var steps = Compare(old, @new);
        var text = new StringBuilder();
        text.Append("--- ").Append(before is null ? "/dev/null" : "a" + path).Append('\n');
        text.Append("+++ ").Append(after is null ? "/dev/null" : "b" + path).Append('\n');
        foreach (var (first, last) in Hunks(steps))
        {
            WriteHunk(text, steps, first, last);
        }

        return text.ToString();
    }

    private static List<Step> Compare(List<TextLine> old, List<TextLine> @new)
    {
        var head = 0;
        while (head < old.Count && head < @new.Count && old[head] == @new[head])
        {
            head++;
        }

        var tail = 0;
        while (tail < old.Count - head && tail < @new.Count - head && old[^(tail + 1)] == @new[^(tail + 1)])
        {
            tail++;
        }

        var steps = old.Take(head).Select(line => new Step(' ', line)).ToList();
        Middle(steps, old[head..^tail], @new[head..^tail]);
        steps.AddRange(old.Skip(old.Count - tail).Select(line => new Step(' ', line)));
        return steps;
    }

    /// <summary>Longest common subsequence of the part between equal head and equal tail.</summary>
    private static void Middle(List<Step> steps, List<TextLine> old, List<TextLine> @new)
    {
        if ((long)old.Count * @new.Count > MaxCells)
        {
            steps.AddRange(old.Select(line => new Step('-', line)));
            steps.AddRange(@new.Select(line => new Step('+', line)));
            return;
        }

        var lengths = new int[old.Count + 1, @new.Count + 1];
        for (var i = old.Count - 1; i >= 0; i--)
        {
            for (var j = @new.Count - 1; j >= 0; j--)
            {
                lengths[i, j] = old[i] == @new[j] ? lengths[i + 1, j + 1] + 1 : Math.Max(lengths[i + 1, j], lengths[i, j + 1]);
            }
        }

        int a = 0, b = 0;
        while (a < old.Count || b < @new.Count)
        {
            if (a < old.Count && b < @new.Count && old[a] == @new[b])
            {
                steps.Add(new(' ', old[a++]));
                b++;
            }
            else if (a < old.Count && (b == @new.Count || lengths[a + 1, b] >= lengths[a, b + 1]))
            {
                steps.Add(new('-', old[a++]));
            }
            else
            {
                steps.Add(new('+', @new[b++]));
            }
        }
    }

    private static IEnumerable<(int First, int Last)> Hunks(List<Step> steps)
    {
        var first = -1;
        var last = -1;
        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i].Sign == ' ')
            {
                continue;
            }

            if (first >= 0 && i - last > 2 * Context)
            {
                yield return (Math.Max(0, first - Context), Math.Min(steps.Count - 1, last + Context));
                first = -1;
            }

            first = first < 0 ? i : first;
            last = i;
        }

        if (first >= 0)
        {
            yield return (Math.Max(0, first - Context), Math.Min(steps.Count - 1, last + Context));
        }
    }

    private static void WriteHunk(StringBuilder text, List<Step> steps, int first, int last)
    {
        var hunk = steps[first..(last + 1)];
        var oldCount = hunk.Count(step => step.Sign != '+');
        var newCount = hunk.Count(step => step.Sign != '-');
        var oldStart = steps.Take(first).Count(step => step.Sign != '+') + (oldCount > 0 ? 1 : 0);
        var newStart = steps.Take(first).Count(step => step.Sign != '-') + (newCount > 0 ? 1 : 0);
        text.Append(CultureInfo.InvariantCulture, $"@@ -{oldStart},{oldCount} +{newStart},{newCount} @@\n");
        foreach (var step in hunk)
        {
            text.Append(step.Sign).Append(step.Line.Content).Append(step.Line.End == "\r\n" ? "\r" : "").Append('\n');
            if (step.Line.End.Length == 0)
            {
                text.Append("\\ No newline at end of file\n");
            }
        }
    }

    private readonly record struct Step(char Sign, TextLine Line);
}
