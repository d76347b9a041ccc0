using System.Text;

namespace Culprit.Benchmarks.Exam;

/// <summary>Chance that is the same for the same seed on every machine and runtime: xoshiro256** seeded by SplitMix64.</summary>
/// <remarks>A fork depends on the parent's seed and the fork's name only, so what one part draws never shifts another's.</remarks>
internal sealed class Dice
{
    private readonly ulong _seed;
    private ulong _a, _b, _c, _d;

    public Dice(ulong seed)
    {
        _seed = seed;
        _a = Mix(ref seed);
        _b = Mix(ref seed);
        _c = Mix(ref seed);
        _d = Mix(ref seed);
    }

    public Dice Fork(string name)
    {
        var hash = 14695981039346656037UL ^ _seed;
        foreach (var b in Encoding.UTF8.GetBytes(name))
        {
            hash = (hash ^ b) * 1099511628211UL;
        }

        return new Dice(hash);
    }

    public ulong Bits()
    {
        var result = ulong.RotateLeft(_b * 5, 7) * 9;
        var t = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= t;
        _d = ulong.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>Uniform in [0, 1).</summary>
    public double Next() => (Bits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [low, high).</summary>
    public double Between(double low, double high) => low + ((high - low) * Next());

    /// <summary>Uniform in 0 .. <paramref name="count"/> - 1.</summary>
    public int Next(int count) => (int)(Next() * count);

    public bool Chance(double probability) => Next() < probability;

    public double Normal()
    {
        var radius = Math.Sqrt(-2 * Math.Log(1 - Next()));
        return radius * Math.Cos(2 * Math.PI * Next());
    }

    public double LogNormal(double median, double sigma) => median * Math.Exp(sigma * Normal());

    public double Exponential(double mean) => -mean * Math.Log(1 - Next());

    public T Pick<T>(IReadOnlyList<T> of) => of[Next(of.Count)];

    public T[] Shuffled<T>(IEnumerable<T> of)
    {
        var items = of.ToArray();
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }

        return items;
    }

    public string Hex(int digits)
    {
        Span<char> text = stackalloc char[digits];
        for (var i = 0; i < digits; i += 16)
        {
            var part = Bits().ToString("x16", System.Globalization.CultureInfo.InvariantCulture).AsSpan();
            part[..Math.Min(16, digits - i)].CopyTo(text[i..]);
        }

        return new string(text);
    }

    private static ulong Mix(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
