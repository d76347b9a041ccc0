using Culprit.Engine.Storage;
using Xunit;

namespace Culprit.Tests.Storage;

/// <summary>The part about text: whatever senders and readers write, it is only ever text.</summary>
public abstract partial class RecordStoreContract
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task TextIsMatchedLiterallyAndOnlyAsciiLettersInEitherCase(bool flushed)
    {
        string[] bodies =
        [
            "100% of disk_a used", "100 of diskXa used", "it's \"quoted\" \\ backslash", "Ünïcode ÜBER", "K kelvin \u212A",
            "nul\0inside", "line\nbreak\ttab", "[a-z]+(.*)?{2}^$|", "😀 smile", "'; DROP TABLE records; --", "İstanbul",
        ];
        Store.AddAnnotated(1, [.. bodies.Select((b, i) => new Row(b, Start + i))]);
        await FlushAsync(flushed);

        foreach (var (text, expected) in new (string, long[])[]
        {
            ("%", [1]), ("disk_A", [1]), ("K_A", [1]), ("IT'S \"q", [3]), ("\\ BACK", [3]), ("ünïcode", []), ("Ünïcode Ü", [4]),
            ("ÜBER", [4]), ("übER", []), ("\u212A", [5]), ("k kelvin k", []), ("nul\0I", [6]), ("nul\0x", []), ("LINE\nbreak\tT", [7]),
            ("[A-Z]+(.*)?{2}^$|", [8]), (".*", [8]), ("😀 S", [9]), ("'; drop table records; --", [10]), ("istanbul", []),
            ("İSTAN", [11]), ("\0", [6]), ("100", [2, 1]), ("a]+(.*)?{2}^$|", []), ("Z]+(.*)?{3}^$|", []), ("used 100% OF", []), ("100% OF", [1]), (new string('a', 5000), []),
        })
        {
            Assert.Equal(expected, await FindAsync(new RecordQuery { Text = text }));
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ALongTextIsMatchedToItsLastCharacter(bool flushed)
    {
        var start = string.Concat(Enumerable.Repeat("Long Text ", 200));
        Store.AddAnnotated(1, new Row("x" + start + "A"), new Row(start + "b"));
        await FlushAsync(flushed);

        Assert.Equal([1], await FindAsync(new RecordQuery { Text = start.ToUpperInvariant() + "a" }));
        Assert.Equal([2], await FindAsync(new RecordQuery { Text = start.ToLowerInvariant() + "B" }));
        Assert.Empty(await FindAsync(new RecordQuery { Text = start + "c" }));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task HostileNamesAreOnlyEverValues(bool flushed)
    {
        string[] names = ["a'b", "a\"b", "a\0b", "a", "a%", "$1", "naïve", "x') OR true --"];
        Store.AddAnnotated(1, [.. names.Select((n, i) => new Row(Nanos: Start + i) { Service = n, TraceId = n, Id = n })]);
        await FlushAsync(flushed);

        for (var i = 0; i < names.Length; i++)
        {
            Assert.Equal([i + 1], await FindAsync(new RecordQuery { Service = names[i], TraceId = names[i] }));
            Assert.Equal(i + 1, (await Store.FindByIdAsync(names[i], Token))?.Sequence);
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task BrokenUtf8IsReplacedAndHarmsNoOtherRecord(bool flushed)
    {
        Store.AddAnnotated(
            1,
            new Row("sound"),
            new Row { RawBody = [(byte)'b', 0xff, 0xc3, (byte)'d'] },
            new Row { RawBody = [0xc3], Attributes = "" });
        await FlushAsync(flushed);

        var found = await Store.FindAsync(new RecordQuery { OldestFirst = true }, Token);

        Assert.Equal(["sound", "b\uFFFD\uFFFDd", "\uFFFD"], found.Select(r => r.Body));
        Assert.Equal([3, 2], await FindAsync(new RecordQuery { Text = "\uFFFD" }));
    }
}
