using System.Diagnostics;
using System.Text;
using CsCheck;
using Culprit.Engine.Filtering;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Filtering;

public sealed class HostileFilterTests
{
    private static readonly string[] Pieces =
    [
        "type(", "source(", "rate(", "dedupe(", "sample(", "has(", "keyword(", "\"", "/", "(", ")", "!", "&", "|", "not ", " in ", "context.",
        "level", "service", "~", "=", "<", "5s", "1e999", "-", "\\", "\\u12", "by ", ",", "\0", "\ud800", "é", "{1000}", "(?x)", "[", "a*", "0.5",
    ];

    [Fact]
    public void AnyTextGivesAFilterOrAnErrorInsideTheText() =>
        Gen.OneOf(AnyOf(Pieces).Array[0, 30].Select(string.Concat), Gen.String[0, 60]).Sample(
            text =>
            {
                var parse = FilterParser.Parse(text);

                Assert.True(parse.Filter is null ^ parse.Error is null);
                if (parse.Error is { } error)
                {
                    Assert.InRange(error.Position, 0, text.Length);
                    Assert.DoesNotContain(error.ToString(), c => char.IsControl(c) && c != '\n');
                }
                else
                {
                    _ = RecordTable.Matching(parse.Filter!);
                }
            },
            iter: 20_000);

    [Fact]
    public void DeepNestingAndLongTextsAreRefused()
    {
        var deep = FilterParser.Parse(new string('(', 33) + "level = info" + new string(')', 33));
        var allowed = FilterParser.Parse(new string('(', 32) + "level = info" + new string(')', 32));
        var nots = FilterParser.Parse(new string('!', 4000) + "level = info");
        var many = FilterParser.Parse(string.Join('&', Enumerable.Repeat("has(id)", 257)));
        var huge = FilterParser.Parse(new string('x', 5000));

        Assert.Contains("nested", deep.Error!.Problem, StringComparison.Ordinal);
        Assert.Equal("level = info", allowed.Filter!.ToString());
        Assert.Equal("level = info", nots.Filter!.ToString());
        Assert.Contains("256 terms", many.Error!.Problem, StringComparison.Ordinal);
        Assert.Contains("4096 characters", huge.Error!.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("(a+)+$")]
    [InlineData("(a|aa)+$")]
    [InlineData("(.*a){20}")]
    [InlineData("(\\w\\d?){100}x")]
    [InlineData("[a-z-[aeiou]]{1,500}q")]
    public void AnExpressionThatWouldBacktrackForEverIsQuickOnALongText(string pattern)
    {
        var filter = Filters.Matching("message", pattern);
        var context = new FilterContext(1, filter);
        var watch = Stopwatch.StartNew();

        RecordTable.Matches(filter, context, new FilterRecord { Message = new string('a', 200_000) + "!" });

        Assert.Equal(0, context.RegexTimeouts);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), watch.Elapsed.ToString());
    }

    [Theory]
    [InlineData("a", 1)]
    [InlineData("abc", 3)]
    [InlineData("(ab){3}", 6)]
    [InlineData("((a{10}){10}){10}", 1000)]
    [InlineData("[abc]{5,7}", 7)]
    [InlineData("[]a]{2}", 2)]
    [InlineData("[a-z-[aeiou]]{3}", 3)]
    [InlineData("\\({4}", 4)]
    [InlineData("a{,5}", 5)]
    [InlineData("a{x}", 4)]
    [InlineData("a{99999999999999999999}", 1_000_000)]
    public void RepetitionsAreMultipliedOut(string pattern, long size) => Assert.Equal(size, RegexSize.Of(pattern));

    [Fact]
    public void DamagedAttributesHoldNothing()
    {
        var filter = Filters.Has("context.a");

        Assert.All(["{", "[1]", "\"a\"", "{\"a\"", "nul", "{\"a\":}", "{\"b\":1,,}"], json =>
            Assert.False(RecordTable.Matches(filter, new FilterContext(1, filter), new FilterRecord { Attributes = json })));
    }

    [Fact]
    public void BytesThatAreNoTextMatchNothingAndHarmNothing()
    {
        var writer = new RecordBatchWriter();
        writer.Begin();
        writer.Set(LogRecord.ServiceField, [0xFF, 0xC3]);
        writer.Set(LogRecord.EnvironmentField, "e"u8);
        writer.Set(LogRecord.BodyField, [0xE2, 0x28, 0xA1, 0x80]);
        writer.Commit(FilterRecord.Noon, EventKind.Log, Severity.Info, RecordFlags.None);
        var filter = FilterParser.Parse("service ~ /^[a-z]/ | message contains \"é\" | keyword(\"é\")").Filter!;

        Assert.False(filter.Matches(writer.ToBatch(1, 1)[0], new FilterContext(1, filter)));
    }

    [Fact]
    public void OrdinaryTermsAllocateNothing()
    {
        var filter = FilterParser.Parse(
            """type("log.error") & source(/.*-prod.*/) & level >= warn & service = "user-service" & keyword("timeout") & context.http.status_code >= 500 & id != "x" & rate(1000000/1h by service) & sample(1)""").Filter!;
        var context = new FilterContext(1, filter);
        var batch = RecordTable.Records[1].Record.ToBatch();
        Assert.True(filter.Matches(batch[0], context));
        for (var i = 0; i < 100; i++)
        {
            filter.Matches(batch[0], context);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            filter.Matches(batch[0], context);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1000);
    }

    private static Gen<string> AnyOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(i => texts[i]);
}
