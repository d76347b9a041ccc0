using System.Text;
using Culprit.Engine.Patterns;
using Culprit.Engine.Records;
using Xunit;

namespace Culprit.Tests.Patterns;

public sealed class PatternMinerTests
{
    private static readonly string[] Names =
        ["alice", "bob", "carol", "dave", "erin", "frank", "grace", "heidi", "ivan", "judy", "mallory", "oscar"];

    private readonly PatternMiner _miner = new(new PatternOptions());

    [Fact]
    public void SixDifferentWordsInOnePlaceAreAVariable()
    {
        var ids = AssignAll(Names.Take(6).Select(n => $"surely {n} slept late today"));

        Assert.Equal("surely <*> slept late today", _miner.Text(Assert.Single(Resolved(ids))));
    }

    [Fact]
    public void FiveDifferentWordsAreNot()
    {
        var ids = AssignAll(Names.Take(5).Select(n => $"surely {n} slept late today"));

        Assert.Equal(5, Resolved(ids).Count);
    }

    [Theory]
    [InlineData("session opened for user {0} again", "alice", "root")]
    [InlineData("column \"{0}\" was dropped", "price", "total")]
    [InlineData("pulling image \"{0}\" now", "docker.io/library/nginx:latest", "quay.io/etcd:stable")]
    [InlineData("{0}[17] was started again", "backup", "indexer")]
    [InlineData("cannot reach {0} right now", "node-a", "node-b", "spine-x", "leaf-y")]
    [InlineData("loading of {0} done now", "com.example.Cart", "com.example.Mail")]
    [InlineData("mail came from {0} just now", "alice", "bob", "carol", "dave")]
    public void FewNamesAreEnoughWhereNamesStandOrWordsLookLikeNames(string form, params string[] names)
    {
        var ids = AssignAll(names.Select(n => string.Format(null, form, n)));

        Assert.Contains("<*>", _miner.Text(Assert.Single(Resolved(ids))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("session opened for user {0} again", "alice")]
    [InlineData("mail came from {0} just now", "alice", "bob")]
    [InlineData("job went from NEW to {0} again", "RUNNING", "DONE", "FAILED")]
    [InlineData("{0} of the old cache failed", "eviction", "reload", "resize")]
    public void FewerAreNot(string form, params string[] words)
    {
        var ids = AssignAll(words.Select(n => string.Format(null, form, n)));

        Assert.Equal(words.Length, Resolved(ids).Count);
    }

    [Fact]
    public void AVariableDoesNotSwallowAPhraseThatIsConstant()
    {
        var ids = AssignAll(Names.Select(n => $"rejected password for {n} via tcp"));
        var unknown = AssignAll(Names.Select(n => $"rejected password for unknown account {n} via tcp"));

        Assert.Single(Resolved(ids));
        Assert.Single(Resolved(unknown));
        Assert.Equal(2, Resolved([.. ids, .. unknown]).Count);
    }

    [Fact]
    public void NamesInCapitalsMayHaveSeveralWordsWithoutFurtherEvidence()
    {
        var ids = AssignAll(["lease of client Mailer renewed", "lease of client Photos renewed", "lease of client Home Office renewed"]);

        Assert.Single(Resolved(ids));
    }

    [Theory]
    [InlineData("login from ruser= rhost=a failed", "login from ruser=bob rhost=a failed")]
    [InlineData("mail from=<>, size=7 taken", "mail from=<bob@example.com>, size=7 taken")]
    [InlineData("set name=\"\" again", "set name=\"bob\" again")]
    [InlineData("set tags=[], done", "set tags=[red], done")]
    [InlineData("login of rhost=", "login of rhost=alpha")]
    public void AnEmptyValueIsAValue(string empty, string full) => Assert.Single(Resolved(AssignAll([empty, full])));

    [Theory]
    [InlineData("mode=\"eco\" chosen", "mode=\"turbo\" chosen")]
    [InlineData("mode='eco' chosen", "mode='turbo-charged' chosen")]
    [InlineData("mode=[eco] chosen", "mode=[very turbo] chosen")]
    [InlineData("mode=\"eco\" chosen", "mode=\"most economical of all\" chosen")]
    public void AQuotedValueIsAValueAlsoWhenItIsOneWord(string one, string other) => Assert.Single(AssignAll([one, other]).Distinct());

    [Fact]
    public void QuotedProseIsNoValue() =>
        Assert.Equal(2, AssignAll(["send failed, error=\"refused\" again", "send failed, error=\"reset\" again"]).Distinct().Count());

    [Fact]
    public void AnOptionalFieldIsNoPartOfTheValueBeforeIt()
    {
        var ids = AssignAll(["login rejected: tty=ssh rhost=unknown", "login rejected: tty=ssh rhost=unknown user=bob", "login rejected: tty=ssh rhost=10.0.0.1"]);

        Assert.Equal(2, Resolved(ids).Count);
    }

    [Fact]
    public void MethodsAndStatesStayApart()
    {
        var ids = AssignAll(
        [
            "request GET /a/1 served", "request POST /a/2 served", "request PUT /b served", "request DELETE /c/9 served",
            "task 17 moved from NEW to RUNNING", "task 18 moved from RUNNING to DONE", "task 19 moved from RUNNING to FAILED",
        ]);

        Assert.Equal(7, Resolved(ids).Count);
    }

    [Fact]
    public void SeveralWordsThatVaryAtOnceAreFound()
    {
        var random = new Random(1);
        var ids = AssignAll(Enumerable.Range(0, 60).Select(_ => $"copied {Word(random)} from volume {Word(random)} to shelf {Word(random)} safely"));

        Assert.Equal("copied <*> from volume <*> to shelf <*> safely", _miner.Text(Assert.Single(Resolved(ids))));
    }

    [Fact]
    public void AVariableMayStandForSeveralWords()
    {
        var random = new Random(1);
        var ids = AssignAll(Enumerable.Range(0, 60).Select(i =>
            $"window {string.Join(' ', Enumerable.Range(0, 1 + (i % 3)).Select(_ => Word(random)))} got focus now"));

        Assert.Equal("window <*> got focus now", _miner.Text(Assert.Single(Resolved(ids))));
    }

    [Fact]
    public void TwoWordsKnownAsValuesElsewhereAreAVariable()
    {
        AssignAll(Names.Select(n => $"session opened for user {n} today"));

        var ids = AssignAll(["password of alice has expired now", "password of bob has expired now"]);
        _miner.DrainAliases([]);

        Assert.Single(Resolved(ids));
    }

    [Fact]
    public void NumberedNamesMeetAtTheThird()
    {
        var ids = AssignAll(["link eth0 went down", "link eth1 went down"]);

        Assert.Equal("link <*> went down", _miner.Text(Assert.Single(Resolved(ids))));
    }

    [Fact]
    public void ExceptionTypesStayApart()
    {
        var ids = AssignAll(Names.Select(n => $"call to backend failed with {char.ToUpperInvariant(n[0])}{n[1..]}TimeoutException again"));

        Assert.Equal(Names.Length, Resolved(ids).Count);
    }

    [Fact]
    public void SameExceptionAndSameFramesAreOnePatternWhateverTheMessageSays()
    {
        var ids = AssignAll(
        [
            "java.lang.IllegalStateException: no seat for bob\n\tat a.B.c(B.java:12)\n\tat a.D.e(D.java:9)",
            "java.lang.IllegalStateException: train is full, sorry\n\tat a.B.c(B.java:14)\n\tat a.D.e(D.java:90)",
        ]);
        var other = AssignAll(["java.lang.IllegalStateException: no seat for bob\n\tat x.Y.z(B.java:12)\n\tat a.D.e(D.java:9)"]);

        Assert.Single(ids.Distinct());
        Assert.NotEqual(ids[0], other[0]);
    }

    [Fact]
    public void JavaTracesAreGroupedByTypeFramesAndCauses()
    {
        var same = AssignAll(
        [
            Trace("seat 12 of bob", "a.B.c(B.java:12)", "x.TimeoutException: after 30 s"),
            Trace("no train today", "a.B.c(B.java:77)", "x.TimeoutException: peer 10.0.0.1 left\n\t... 12 more"),
            Trace("no train today", "a.B.c(Unknown Source)", "x.TimeoutException"),
        ]);
        var others = AssignAll(
        [
            Trace("no train today", "a.B.c(B.java:77)", "x.RefusedException: after 30 s"),
            Trace("no train today", "a.B.d(B.java:77)", "x.TimeoutException: after 30 s"),
            Trace("no train today", "a.B.c(B.java:77)", "x.TimeoutException: after 30 s\n\tat q.R.s(R.java:1)\nCaused by: y.Reset: gone"),
            Trace("no train today", "a.B.c(B.java:77)", null),
        ]);

        Assert.Single(same.Distinct());
        Assert.Equal(5, Resolved([.. same, .. others]).Count);
        Assert.Equal("org.shop.SeatException at a.B.c at a.D.e caused by x.TimeoutException", _miner.Text(same[0]));

        static string Trace(string message, string frame, string? cause) =>
            $"org.shop.SeatException: {message}\n\tat {frame}\n\tat a.D.e(D.java:9)" + (cause is null ? "" : "\nCaused by: " + cause);
    }

    [Fact]
    public void AJsonBodyWithoutTextIsOnePatternHoweverLongItsListsAre() =>
        Assert.Single(AssignAll(
        [
            """{"kind":"cart","items":[{"id":1,"n":2},{"id":3,"n":4},{"id":5,"n":6}]}""",
            """{"kind":"cart","items":[{"id":1,"n":2},{"id":3,"n":4},{"id":5,"n":6},{"id":7,"n":8},{"id":9,"n":0}]}""",
        ]).Distinct());

    [Fact]
    public void AliasesLeadFromEveryEarlierIdToThePattern()
    {
        var ids = AssignAll(Names.Select(n => $"session opened for user {n} today"));
        var aliases = new List<PatternAlias>();

        _miner.DrainAliases(aliases);

        var map = aliases.GroupBy(a => a.Old).ToDictionary(g => g.Key, g => g.Last().Current);
        Assert.All(ids, id => Assert.Equal(_miner.Resolve(ids[0]), Follow(map, id)));
        var again = new List<PatternAlias>();
        _miner.DrainAliases(again);
        Assert.Empty(again);
    }

    [Fact]
    public void TheIdOfALineDoesNotDependOnWhatWasSeenBefore()
    {
        var other = new PatternMiner(new PatternOptions());
        AssignAll(Names.Select(n => $"session opened for user {n} today"));

        var line = "session opened for user zoe today"u8;

        Assert.Equal(other.Assign(line), _miner.Assign(line));
    }

    [Fact]
    public void APatternWithManyCasesGivesItsOwnIdAtFirstSight()
    {
        var miner = new PatternMiner(new PatternOptions { MaxCases = 20 });
        var random = new Random(3);
        for (var i = 0; i < 100; i++)
        {
            miner.Assign(Encoding.UTF8.GetBytes($"session opened for user {Word(random)} today"));
        }

        var id = miner.Assign("session opened for user zoe today"u8);

        Assert.Equal(miner.Resolve(id), id);
        Assert.InRange(miner.Count, 1, 25);
    }

    [Fact]
    public void AConstantValueIsShownUntilItVaries()
    {
        var first = _miner.Assign("engine=turbo started"u8);
        Assert.Equal("engine=turbo started", _miner.Text(first));

        var second = _miner.Assign("engine=eco started"u8);

        Assert.Equal(first, second);
        Assert.Equal("engine=<*> started", _miner.Text(first));
    }

    [Fact]
    public void TextIsBoundedAndValidUnicode()
    {
        var bytes = Encoding.UTF8.GetBytes("x " + string.Concat(Enumerable.Repeat("ä", 3000)));

        var text = _miner.Text(_miner.Assign(bytes));

        Assert.InRange(Encoding.UTF8.GetByteCount(text), 1, Skeleton.MaxTextBytes);
        Assert.DoesNotContain("\uFFFD", text[..^2], StringComparison.Ordinal);
    }

    [Fact]
    public void ALineOfAKnownPatternAllocatesNothing()
    {
        var line = "Received block blk_38650 of size 67108864 from /10.251.42.84 in 3 ms"u8;
        _miner.Assign(line);
        _miner.Assign("Received block blk_1 of size 5 from /10.251.42.85 in 4 ms"u8);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
        {
            _miner.Assign(line);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void DumpsInBracketsVaryAsAWhole()
    {
        var random = new Random(4);
        var ids = AssignAll(Enumerable.Range(0, 60).Select(i =>
            $"cart of customer holds [{string.Join(" (x) ", Enumerable.Range(0, 2 + (i % 4)).Select(_ => Word(random)))}] at checkout"));

        Assert.Equal("cart of customer holds [<*>] at checkout", _miner.Text(Assert.Single(Resolved(ids))));
    }

    [Fact]
    public void QuotedRequestsKeepTheirVerb()
    {
        var random = new Random(4);
        string[] verbs = ["GET", "POST", "DELETE"];
        var ids = AssignAll(Enumerable.Range(0, 90).Select(i => $"client sent \"{verbs[i % 3]} {Word(random)} HTTP\" and left"));

        Assert.Equal(3, Resolved(ids).Count);
    }

    [Fact]
    public void AnUnknownIdHasNoText()
    {
        Assert.Equal("", _miner.Text(new PatternId(42)));
        Assert.Equal(new PatternId(42), _miner.Resolve(new PatternId(42)));
    }

    private List<PatternId> AssignAll(IEnumerable<string> lines) =>
        [.. lines.Select(l => _miner.Assign(Encoding.UTF8.GetBytes(l)))];

    private HashSet<PatternId> Resolved(IEnumerable<PatternId> ids) => [.. ids.Select(_miner.Resolve)];

    private static PatternId Follow(Dictionary<PatternId, PatternId> aliases, PatternId id)
    {
        while (aliases.TryGetValue(id, out var next))
        {
            id = next;
        }

        return id;
    }

    private static string Word(Random random) =>
        string.Concat(Enumerable.Range(0, 7).Select(_ => (char)('a' + random.Next(26))));
}
