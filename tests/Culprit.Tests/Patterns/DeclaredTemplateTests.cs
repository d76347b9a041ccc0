using System.Text;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;
using Culprit.Tests.Support;
using Xunit;

namespace Culprit.Tests.Patterns;

public sealed class DeclaredTemplateTests
{
    private readonly PatternMiner _miner = new(new PatternOptions());

    [Theory]
    [InlineData("""{"@mt":"User {Name} left","Name":"bob"}""", "User {Name} left")]
    [InlineData("""{"MessageTemplate": "User {Name} left"}""", "User {Name} left")]
    [InlineData("""{"message_template.text":"a {0} b","x":1}""", "a {0} b")]
    [InlineData("""{"State":{"Message":"x","{OriginalFormat}":"took {Ms} ms"}}""", "took {Ms} ms")]
    [InlineData("""{"messageTemplate":"say \"{Word}\" now"}""", """say \"{Word}\" now""")]
    [InlineData("""{"note":"no @mt here","template":"blue"}""", "")]
    [InlineData("""{"note":"a \"@mt\":\"trap\" in a string"}""", "")]
    [InlineData("""{"@mt":7}""", "")]
    [InlineData("""{"@mt":"never closed""", "")]
    [InlineData("""{"kind":"@mt","@mt":"real {X}"}""", "real {X}")]
    [InlineData("", "")]
    public void ATemplateIsFoundUnderTheNamesThatLoggersSend(string attributes, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(DeclaredTemplate.Find(Encoding.UTF8.GetBytes(attributes))));

    [Theory]
    [InlineData("User {Name} left {@Door:l} at {0,3}", "User <*> left <*> at <*>")]
    [InlineData("set {{literal}} to {X}", "set {literal} to <*>")]
    [InlineData("""say \"{Word}\" {""", "say \"<*>\" {")]
    [InlineData("""broken \q {X}""", """broken \q <*>""")]
    public void ItsHolesAreShownAsVariables(string template, string expected) =>
        Assert.Equal(expected, _miner.Text(_miner.AssignDeclared(Encoding.UTF8.GetBytes(template))));

    [Theory]
    [InlineData("""{"@i":"7a8b9c0d","User":"bob"}""", "7a8b9c0d")]
    [InlineData("""{"User":"bob","@i": 3054821,"x":1}""", "3054821")]
    [InlineData("""{"@i":-7}""", "-7")]
    [InlineData("""{"@i":null}""", "")]
    [InlineData("""{"@i":{"Id":5}}""", "")]
    [InlineData("""{"@i":""}""", "")]
    [InlineData("""{"note":"a \"@i\":\"trap\" in a string"}""", "")]
    public void AnEventIdIsATextOrANumber(string attributes, string expected) =>
        Assert.Equal(expected, Encoding.UTF8.GetString(DeclaredTemplate.FindEventId(Encoding.UTF8.GetBytes(attributes))));

    [Fact]
    public void RecordsOfOneEventIdAreOnePatternWhateverTheirTextIs()
    {
        var one = Assign("Hello, ann of 7", """{"@i":"7a8b9c0d"}""");
        var two = Assign("Hello, to the two of you", """{"@i":"7a8b9c0d","User":"bob"}""");
        var other = Assign("Hello, ann of 7", """{"@i":"11111111"}""");
        var none = Assign("Hello, ann of 7", "{}");

        Assert.Equal(one, two);
        Assert.Equal(3, new[] { one, other, none }.Distinct().Count());
        Assert.Equal("Hello, ann of <*>", _miner.Text(one));
    }

    [Fact]
    public void ATemplateCountsMoreThanAnEventId() =>
        Assert.Equal(_miner.AssignDeclared("Hello, {User}"u8), Assign("Hello, ann", """{"@i":"7a8b9c0d","@mt":"Hello, {User}"}"""));

    [Fact]
    public void EventsOfDifferentIdsNeverMerge()
    {
        var ids = Enumerable.Range(0, 20).Select(i => Assign($"user {(char)('a' + i)} has left now", $$"""{"@i":{{i}}}""")).ToList();
        _miner.DrainAliases([]);

        Assert.Equal(20, ids.Select(_miner.Resolve).Distinct().Count());
    }

    [Fact]
    public void DeclaredPatternsNeverMerge()
    {
        var ids = Enumerable.Range(0, 20).Select(i => _miner.AssignDeclared(Encoding.UTF8.GetBytes($"user {(char)('a' + i)} has left {{Room}}"))).ToList();
        _miner.DrainAliases([]);

        Assert.Equal(20, ids.Select(_miner.Resolve).Distinct().Count());
    }

    [Fact]
    public void TheIdDependsOnTheTemplateAlone() =>
        Assert.Equal(new PatternMiner(new PatternOptions()).AssignDeclared("x {Y}"u8), _miner.AssignDeclared("x {Y}"u8));

    [Fact]
    public void FarTooManyDeclaredTemplatesStayWithinTheBound()
    {
        var miner = new PatternMiner(new PatternOptions { MaxPatterns = 100 });
        for (var i = 0; i < 2_000; i++)
        {
            miner.AssignDeclared(Encoding.UTF8.GetBytes($"template {i} of {{X}}"));
        }

        Assert.InRange(miner.Count, 1, 101);
        Assert.Equal(1_900, miner.Overflowed);
    }

    private PatternId Assign(string message, string attributes)
    {
        var record = Some.Batch(1, Some.Log(0, message: message) with { Attributes = attributes })[0];
        return _miner.AssignRecord(record);
    }
}
