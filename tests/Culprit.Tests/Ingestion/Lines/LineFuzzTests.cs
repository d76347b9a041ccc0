using System.Text;
using System.Text.Json;
using Culprit.Engine.Ingestion.Lines;
using Culprit.Engine.Records;
using Culprit.Tests.Rules;
using Xunit;

namespace Culprit.Tests.Ingestion.Lines;

/// <summary>Log text is hostile: whatever the bytes, nothing is thrown and every record is sound.</summary>
public sealed class LineFuzzTests
{
    private static readonly byte[][] Seeds = SourceTree.FindRoot() is { } root
        ? [.. Directory.GetFiles(Path.Combine(root, "tests", "Culprit.Tests", "Ingestion", "Cases", "formats"), "*.log")
            .Order(StringComparer.Ordinal).Select(File.ReadAllBytes)]
        : [Encoding.UTF8.GetBytes("2024-01-15T10:00:00Z ERROR [a] b trace_id=c\n{\"message\":\"x\"}\n")];

    [Fact]
    public void RandomBytesGiveSoundRecords()
    {
        var random = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            var bytes = new byte[random.Next(1, 2000)];
            random.NextBytes(bytes);

            AssertSound(bytes, random.Next(1, 300));
        }
    }

    [Fact]
    public void DamagedSamplesGiveSoundRecords()
    {
        var random = new Random(11);
        for (var round = 0; round < 1500; round++)
        {
            var bytes = Seeds[random.Next(Seeds.Length)].ToArray();
            for (var hits = random.Next(1, 30); hits > 0; hits--)
            {
                var at = random.Next(bytes.Length);
                bytes[at] = random.Next(3) switch
                {
                    0 => (byte)random.Next(256),
                    1 => (byte)"{}[]\"\\:,= \n\t<>|-"[random.Next(16)],
                    _ => bytes[random.Next(bytes.Length)],
                };
            }

            AssertSound(bytes.AsSpan(0, random.Next(1, bytes.Length + 1)).ToArray(), random.Next(1, 500));
        }
    }

    [Fact]
    public void EveryStartOfEverySampleLineIsReadWithoutHarm()
    {
        foreach (var line in Seeds.SelectMany(seed => Encoding.UTF8.GetString(seed).Split('\n')).Where(line => line.Length < 400))
        {
            for (var length = 1; length <= line.Length; length++)
            {
                AssertSound(Encoding.UTF8.GetBytes(line[..length]), int.MaxValue);
            }
        }
    }

    [Theory]
    [InlineData("{\"a\":")]
    [InlineData("[")]
    [InlineData("<1>")]
    [InlineData("a=\"")]
    [InlineData("trace_id trace_id ")]
    [InlineData("{\"log\":\"{\\\"log\\\":\\\"")]
    public void LongRepetitionsAreReadInLinearTime(string piece)
    {
        var line = string.Concat(Enumerable.Repeat(piece, 200_000 / piece.Length));

        AssertSound(Encoding.UTF8.GetBytes(line + "\n" + line), 4096);
    }

    private static void AssertSound(byte[] bytes, int chunk)
    {
        var read = LineText.Read(bytes, chunk);
        while (read.TryTake(out var batch))
        {
            Assert.True(RecordBatch.TryRead(batch!.Bytes, 0, out _));
            for (var i = 0; i < batch.Count; i++)
            {
                AssertSound(batch[i]);
            }
        }

        var report = read.Report;
        Assert.True(report.Records <= report.Lines);
    }

    private static void AssertSound(in LogRecord record)
    {
        Assert.True(record.Service.Length > 0);
        Assert.True(record.Body.Length <= LineAssembler.MaxRecordBytes);
        Assert.Equal(-1, record.Body.IndexOf((byte)0));
        Assert.True(System.Text.Unicode.Utf8.IsValid(record.Body));
        Assert.True(System.Text.Unicode.Utf8.IsValid(record.Service));
        if (!record.Attributes.IsEmpty)
        {
            var reader = new Utf8JsonReader(record.Attributes);
            Assert.True(JsonDocument.TryParseValue(ref reader, out var document));
            document!.Dispose();
        }
    }
}
