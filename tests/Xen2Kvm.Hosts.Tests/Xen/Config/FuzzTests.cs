using Xen2Kvm.Hosts.Xen.Config;

namespace Xen2Kvm.Hosts.Tests.Xen.Config;

public sealed class FuzzTests
{
    private const string Alphabet = "abdefimnxtk0179=+,;:'\"\\[](){}#/.-_!@% \t\n\r\0\uFEFFéxvdphytarget=vif";

    /// <summary>Text that is made of the pieces the grammars know, and so goes deep into the readers.</summary>
    internal static string Noise(Random random, int length) =>
        string.Create(length, random, (span, source) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                span[i] = source.Next(12) == 0 ? (char)source.Next(0x10000) : Alphabet[source.Next(Alphabet.Length)];
            }
        });

    [Fact]
    public void Random_text_never_throws_and_never_hangs()
    {
        var random = new Random(417);
        for (var i = 0; i < 20_000; i++)
        {
            var text = Noise(random, random.Next(120));
            XlConfigParser.Parse(text, "fuzz").ShouldNotBeNull();
            DiskSpec.Parse(text).ShouldNotBeNull();
            VifSpec.Parse(text).ShouldNotBeNull();
            Vdev.Parse(text);
            VifRate.Parse(text);
            XlInfoParser.Parse(text);
            if (i % 10 != 0)
            {
                continue;
            }

            GuestDefinitionJson.Write(ConfigReader.Read(text, "fuzz"));
        }
    }

    [Fact]
    public void A_damaged_config_never_throws_and_keeps_lines_in_range()
    {
        const string Config = "name = 'a'\nmemory = 512\ndisk = [ 'phy:/dev/vg/a,xvda,w',\n 'file:/b,hdc:cdrom,r' ]\nvif = [ 'mac=00:16:3e:00:00:01' ]\nextra = \"x\\x41\" # c\n";
        var random = new Random(52);
        for (var i = 0; i < 20_000; i++)
        {
            var text = Config.ToCharArray().ToList();
            for (var edits = random.Next(1, 6); edits > 0; edits--)
            {
                var at = random.Next(text.Count);
                if (random.Next(2) == 0)
                {
                    text.RemoveAt(at);
                }
                else
                {
                    text.Insert(at, Alphabet[random.Next(Alphabet.Length)]);
                }
            }

            var damaged = new string([.. text]);
            var lines = damaged.Count(c => c == '\n') + 1;
            var config = XlConfigParser.Parse(damaged, "fuzz");
            foreach (var line in config.Problems.Select(problem => problem.Line).Concat(config.Settings.Select(setting => setting.Line)))
            {
                line.ShouldBeInRange(1, lines);
            }
        }
    }

    [Fact]
    public void A_damaged_listing_or_config_never_throws_and_stays_valid_json()
    {
        var folder = Path.Combine(AppContext.BaseDirectory, "Golden", "xen");
        var random = new Random(1707);
        foreach (var file in Directory.EnumerateFiles(folder).Where(file => !file.EndsWith(".golden.json", StringComparison.Ordinal)))
        {
            var whole = File.ReadAllText(file);
            for (var i = 0; i < 150; i++)
            {
                var text = new System.Text.StringBuilder(whole);
                for (var edits = random.Next(1, 8); edits > 0 && text.Length > 0; edits--)
                {
                    var at = random.Next(text.Length);
                    switch (random.Next(4))
                    {
                        case 0:
                            text.Remove(at, Math.Min(random.Next(1, 40), text.Length - at));
                            break;
                        case 1:
                            text.Insert(at, Noise(random, random.Next(1, 6)));
                            break;
                        case 2:
                            text[at] = Alphabet[random.Next(Alphabet.Length)];
                            break;
                        default:
                            text.Insert(at, random.Next(2) == 0 ? "-99999999999999999999" : "{}");
                            break;
                    }
                }

                var reading = ConfigReader.Read(text.ToString(), "fuzz");
                System.Text.Json.JsonDocument.Parse(GuestDefinitionJson.Write(reading)).Dispose();
                if (reading.Guests.Count > 1)
                {
                    GuestDefinitionDiff.Compare(reading.Guests[0], reading.Guests[1]).ShouldNotBeNull();
                }
            }
        }
    }
}
