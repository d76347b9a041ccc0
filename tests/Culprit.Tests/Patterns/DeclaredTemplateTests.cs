using System.Text;
using Culprit.Engine.Patterns;
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
}
