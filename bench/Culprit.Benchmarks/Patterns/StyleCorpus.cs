using System.Text;

namespace Culprit.Benchmarks.Patterns;

/// <summary>Generates labelled lines in the style of some kind of software from a list of message templates.</summary>
/// <remarks>
/// Written by the authors of the miner, in styles it has no rule for; not real logs. A style is a text file:
/// <c>@pool = a | b | c</c> declares values, <c>WEIGHT text with {pool} and {int}</c> a template. Early values of a pool
/// are frequent, late ones rare, as with real names.
/// </remarks>
internal static class StyleCorpus
{
    private const int LinesPerStyle = 2_000;

    public static LabelledLines[] ReadAll()
    {
        var assembly = typeof(StyleCorpus).Assembly;
        return [.. assembly.GetManifestResourceNames().Where(n => n.EndsWith(".style", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Select(name =>
            {
                using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
                return Generate(name.Split('.')[^2], reader.ReadToEnd());
            })];
    }

    private static LabelledLines Generate(string name, string style)
    {
        var pools = new Dictionary<string, string[]>();
        var templates = new List<(double Weight, string Text)>();
        foreach (var line in style.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(l => l[0] != '#'))
        {
            if (line[0] == '@')
            {
                var parts = line[1..].Split('=', 2);
                pools.Add(parts[0].Trim(), parts[1].Split(" | ", StringSplitOptions.TrimEntries));
            }
            else
            {
                var space = line.IndexOf(' ', StringComparison.Ordinal);
                templates.Add((double.Parse(line[..space], System.Globalization.CultureInfo.InvariantCulture), line[(space + 1)..]));
            }
        }

        var random = new Random(7);
        var total = templates.Sum(t => t.Weight);
        var chosen = Enumerable.Range(0, LinesPerStyle).Select(i => i < templates.Count ? i : Pick(templates, random.NextDouble() * total)).ToArray();
        random.Shuffle(chosen);
        return new LabelledLines(
            name,
            [.. chosen.Select(t => Encoding.UTF8.GetBytes(Fill(templates[t].Text, slot => Value(slot, pools, random))))],
            [.. chosen.Select(t => $"T{t}")],
            [.. chosen.Select(t => Fill(templates[t].Text, _ => "<*>"))]);
    }

    private static int Pick(List<(double Weight, string Text)> templates, double at)
    {
        var i = 0;
        while (i < templates.Count - 1 && (at -= templates[i].Weight) > 0)
        {
            i++;
        }

        return i;
    }

    private static string Fill(string text, Func<string, string> value)
    {
        var result = new StringBuilder();
        for (var at = 0; at < text.Length;)
        {
            var open = text.IndexOf('{', at);
            var close = open < 0 ? -1 : text.IndexOf('}', open);
            if (close < 0)
            {
                return result.Append(text, at, text.Length - at).ToString();
            }

            // "{{" stands for a brace of the message itself.
            if (text[open + 1] == '{')
            {
                result.Append(text, at, open + 1 - at);
                at = open + 2;
                continue;
            }

            result.Append(text, at, open - at).Append(value(text[(open + 1)..close]));
            at = close + 1;
        }

        return result.ToString();
    }

    private static string Value(string slot, Dictionary<string, string[]> pools, Random random)
    {
        if (pools.TryGetValue(slot, out var pool))
        {
            // Zipf-like: the square puts most of the weight on the first values.
            var u = random.NextDouble();
            var value = pool[(int)(u * u * pool.Length)];
            return value.Contains('{', StringComparison.Ordinal) ? Fill(value, s => Value(s, pools, random)) : value;
        }

        return slot switch
        {
            "digit" => $"{random.Next(10)}",
            "int" => $"{random.Next(1, 70_000)}",
            "big" => $"{random.NextInt64(1_000_000, 9_000_000_000)}",
            "signed" => $"{random.Next(-300, 300)}",
            "float" => $"{random.NextDouble() * 100:F2}",
            "ip" => $"{random.Next(1, 240)}.{random.Next(256)}.{random.Next(256)}.{random.Next(1, 255)}",
            "hex4" => $"{random.Next(0x10000):x4}",
            "hex8" => $"{random.Next():x8}",
            "HEX8" => $"{random.Next():X8}",
            "hex16" => $"{random.NextInt64():x16}",
            "uuid" => $"{random.Next():x8}-{random.Next(0x10000):x4}-{random.Next(0x10000):x4}-{random.Next(0x10000):x4}-{random.NextInt64(1L << 47):x12}",
            "base64" => Convert.ToBase64String(BitConverter.GetBytes(random.NextInt64())) + Convert.ToBase64String(BitConverter.GetBytes(random.Next()))[..4],
            "word" => string.Concat(Enumerable.Range(0, random.Next(4, 9)).Select(_ => (char)('a' + random.Next(26)))),
            "version" => $"{random.Next(1, 12)}.{random.Next(40)}.{random.Next(20)}",
            "time" => $"{random.Next(24):d2}:{random.Next(60):d2}:{random.Next(60):d2}",
            "bool" => random.Next(3) == 0 ? "false" : "true",
            _ => throw new InvalidDataException($"Unknown slot {{{slot}}}."),
        };
    }
}
