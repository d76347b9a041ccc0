namespace Culprit.Engine.Patterns;

/// <content>What a first sight teaches: cardinality evidence, never similarity, turns a word into a variable.</content>
internal sealed partial class PatternMiner
{
    private const int MaxCandidates = 24;
    private const int MaxPairedPlaces = 16;
    private const int MaxSettlingRounds = 8;
    private const ulong StretchSalt = 0x5851F42D4C957F2D;

    private void Learn(Skeleton first)
    {
        foreach (ref readonly var piece in first.Pieces.AsSpan())
        {
            if (piece.Kind == TokenKind.Word && piece.State == SlotState.Constant && piece.End > piece.Start)
            {
                _values.Add(Hash64.Of(first.TextOf(piece)));
            }
        }

        var work = new Queue<Skeleton>();
        work.Enqueue(first);
        LearnAll(work, first);
    }

    /// <summary>Looks again at the open questions with the value words learned since.</summary>
    private void Settle()
    {
        // Each round may teach new words; what is left over is looked at the next time.
        for (var round = 0; round < MaxSettlingRounds && _settledAt != _values.Version; round++)
        {
            _settledAt = _values.Version;
            var work = new Queue<Skeleton>();
            foreach (var hole in _holes.All.Where(AreValues).ToArray())
            {
                var by = hole.Words[0].By;
                if (_skeletons.Find(hole.Words[0].Member) is { } skeleton && skeleton.Literals > _options.MinLiterals)
                {
                    Answer(hole, skeleton, by, work);
                }
            }

            LearnAll(work, null);
        }
    }

    private void LearnAll(Queue<Skeleton> work, Skeleton? first)
    {
        while (work.TryDequeue(out var skeleton))
        {
            // The skeleton may be the answer to an open question of others.
            if (_holes.Find(skeleton.Id) is { } asked)
            {
                _holes.Remove(skeleton.Id);
                CoverAll(asked, skeleton);
            }

            if (!JoinTemplates(skeleton))
            {
                Ask(skeleton, work);
                AnswerTemplates(skeleton, work);
                Compare(skeleton, work);
            }

            if (skeleton != first)
            {
                Absorb(skeleton);
            }
        }
    }

    private bool JoinTemplates(Skeleton skeleton)
    {
        var joined = false;
        foreach (var candidate in Candidates(skeleton))
        {
            if (candidate.IsWord && !candidate.NamesValue
                && _skeletons.Find(candidate.By.KeyOf(skeleton)) is { } template && template != skeleton)
            {
                Cover(skeleton, template, candidate.By);
                joined = true;
            }
        }

        _templates.Find(skeleton, _found);
        foreach (var (template, by) in _found.ToArray())
        {
            if (MayCover(template, skeleton, by))
            {
                Cover(skeleton, template, by);
                joined = true;
            }
        }

        return joined;
    }

    // Several words may vary at once: compares the skeleton with those of the same frame.
    private void Compare(Skeleton skeleton, Queue<Skeleton> work)
    {
        if (!FrameTable.Fits(skeleton) || skeleton.Cover != 0)
        {
            return;
        }

        var frame = _frames.Of(skeleton);
        if (!frame.TryGeneralise(skeleton, _options, out var by, _cases))
        {
            frame.Add(skeleton);
            return;
        }

        var template = by.Apply(skeleton);
        if (_skeletons.Find(template.Id) is { } existing)
        {
            template = existing;
        }
        else
        {
            Insert(template);
            work.Enqueue(template);
        }

        Cover(skeleton, template, by);
        foreach (var other in _cases.ToArray())
        {
            Cover(other, template, by);
        }
    }

    // A new template takes in whatever it covers: earlier lines with several words in one place, narrower templates.
    private void Absorb(Skeleton template)
    {
        _skeletons.FindCases(template, _possible);
        foreach (var skeleton in _possible)
        {
            if (skeleton != template && skeleton.Pieces.Length >= template.Pieces.Length
                && skeleton.Cover != template.Id && TemplateIndex.Covers(template, skeleton, out var by)
                && MayCover(template, skeleton, by))
            {
                Cover(skeleton, template, by);
            }
        }
    }

    private void Ask(Skeleton skeleton, Queue<Skeleton> work)
    {
        foreach (var candidate in Candidates(skeleton))
        {
            // Whole stretches and names of values have holes of their own: a value in that place is no answer to them.
            var key = candidate.By.KeyOf(skeleton) ^ ((candidate.IsStretch && !candidate.IsWord) || candidate.NamesValue ? StretchSalt : 0);
            var hole = _holes.GetOrAdd(key);
            hole.Add(new HoleWord(candidate.Word, skeleton.Id, candidate.By, candidate.Points));
            if (hole.Points >= candidate.Enough || (candidate.IsWord && AreValues(hole)))
            {
                Answer(hole, skeleton, candidate.By, work);
            }
        }
    }

    // Templates that already vary elsewhere may be asking about a word of this line.
    private void AnswerTemplates(Skeleton skeleton, Queue<Skeleton> work)
    {
        var pieces = skeleton.Pieces.AsSpan();
        var length = Math.Min(pieces.Length, MaxPairedPlaces);
        for (var i = 0; i < length; i++)
        {
            for (var j = i + 1; j < length; j++)
            {
                if (pieces[i].IsVariable || pieces[j].IsVariable)
                {
                    continue;
                }

                var by = new Generalisation((1UL << i) | (1UL << j));
                if (_holes.Find(by.KeyOf(skeleton)) is { } hole)
                {
                    // Which of the two the question is about shows in the template that asked it.
                    var asked = hole.Words[0].By.Places;
                    var place = asked == 1UL << i ? i : asked == 1UL << j ? j : -1;
                    if (place < 0 || _skeletons.Find(hole.Words[0].Member)?.Pieces.Length != pieces.Length)
                    {
                        continue;
                    }

                    hole.Add(new HoleWord(pieces[place].Hash, skeleton.Id, by, WordEvidence.Of(skeleton, place, _options)));
                    if (hole.Points >= WordEvidence.Needed(_options))
                    {
                        Answer(hole, skeleton, by, work);
                        return;
                    }
                }
            }
        }
    }

    private void Answer(Hole hole, Skeleton skeleton, Generalisation by, Queue<Skeleton> work)
    {
        _holes.Remove(hole.Key);
        if (_skeletons.Find(by.KeyOf(skeleton)) is not { } template)
        {
            template = by.Apply(skeleton);
            Insert(template);
            work.Enqueue(template);
        }

        CoverAll(hole, template);
    }

    // Two words that are values elsewhere differ here: a variable with few values.
    private bool AreValues(Hole hole)
    {
        if (hole.Count < 2)
        {
            return false;
        }

        foreach (var (word, _, by, _) in hole.Words)
        {
            if (by.Glued != 0 || !_values.Contains(word))
            {
                return false;
            }
        }

        return true;
    }

    private IEnumerable<Candidate> Candidates(Skeleton skeleton)
    {
        var literals = skeleton.Literals;
        var count = 0;
        for (var i = 0; i < skeleton.Pieces.Length && i < Generalisation.MaxPlaces && count < MaxCandidates; i++)
        {
            var kind = skeleton.Pieces[i].Kind;
            var left = literals - (kind == TokenKind.Literal ? 1 : 0);
            if (kind is not (TokenKind.Literal or TokenKind.Numbered) || left < 1)
            {
                continue;
            }

            count++;
            var isWord = left >= _options.MinLiterals;
            yield return new Candidate(
                new Generalisation(1UL << i),
                skeleton.Pieces[i].Hash,
                WordEvidence.Of(skeleton, i, _options),
                WordEvidence.Needed(_options),
                isWord,
                skeleton.NamesValue(i));
        }

        foreach (var by in Segments.Of(skeleton))
        {
            if (LiteralsOutside(skeleton, by) >= _options.MinLiterals)
            {
                // What has no white space in it is one name, whatever separators it holds.
                yield return Segments.IsOneWord(skeleton, by)
                    ? new Candidate(by, Segments.Evidence(skeleton, by, true), WordEvidence.Needed(_options) / 2, WordEvidence.Needed(_options), true)
                    : new Candidate(by, Segments.Evidence(skeleton, by), 1, _options.DistinctSegments, false);
            }
        }

        if (Segments.TailOf(skeleton) is { } tail)
        {
            yield return new Candidate(tail, Segments.Evidence(skeleton, tail), 1, _options.DistinctTails, false);
        }
    }

    private static int LiteralsOutside(Skeleton skeleton, Generalisation by)
    {
        var count = 0;
        for (var i = 0; i < skeleton.Pieces.Length; i++)
        {
            count += !by.Has(i) && skeleton.Pieces[i].Kind is TokenKind.Literal or TokenKind.Fixed ? 1 : 0;
        }

        return count;
    }

    private readonly record struct Candidate(Generalisation By, ulong Word, int Points, int Enough, bool IsWord, bool NamesValue = false)
    {
        public bool IsStretch => By.Glued != 0 || By.WithTail;
    }

    private void CoverAll(Hole hole, Skeleton template)
    {
        foreach (var (_, id, by, _) in hole.Words)
        {
            if (_skeletons.Find(id) is { } member)
            {
                Cover(member, template, by);
            }
            else
            {
                // It had to leave; its lines still belong here.
                Remember(id, template.Pattern.Id);
                Announce(id, template.Pattern.Id);
            }
        }
    }

    // The skeleton is a case of the template: one pattern from now on.
    private void Cover(Skeleton skeleton, Skeleton template, Generalisation by)
    {
        LearnValues(skeleton, by);
        var varies = template.MergeSlots(by.Apply(skeleton));
        if (!template.IsTemplate)
        {
            template.IsTemplate = true;
            _templates.Add(template);
        }

        template.Touched = true;
        if (skeleton.Cover == 0 || template.Literals < (_skeletons.Find(skeleton.Cover)?.Literals ?? int.MaxValue))
        {
            skeleton.Cover = template.Id;
            skeleton.CoverBy = by;
        }

        Unite(skeleton, template);
        if (varies)
        {
            TellCover(template);
        }
    }

    // A place that stands for one word tells which words are values.
    private void LearnValues(Skeleton skeleton, Generalisation by)
    {
        for (var places = by.Places; places != 0 && by.Glued == 0; places &= places - 1)
        {
            var place = System.Numerics.BitOperations.TrailingZeroCount(places);
            if (!by.Has(place + 1) && (place == 0 || !by.Has(place - 1)))
            {
                _values.Add(skeleton.Pieces[place].Hash);
            }
        }
    }

    private void Unite(Skeleton skeleton, Skeleton template)
    {
        var from = skeleton.Pattern;
        var into = template.Pattern;
        var (fromId, intoId) = (from.Id, into.Id);

        // The most general template gives the id: which narrower ones were found on the way depends on the order of lines.
        into.Display = MoreGeneral(MoreGeneral(from.Display, into.Display), template);
        into.HasTemplate = true;
        var id = into.Id = into.Display.Id;
        if (from != into)
        {
            from.MergeInto(into);
            Announce(fromId, id);
        }

        Announce(intoId, id);
        if (skeleton.Id != fromId)
        {
            Announce(skeleton.Id, id);
        }
    }

    private void Announce(ulong old, ulong current)
    {
        if (old == current)
        {
            return;
        }

        if (_newAliases.Count >= _options.MaxAliases)
        {
            AliasesDropped++;
        }
        else
        {
            _newAliases.Add(new(new(old), new(current)));
        }
    }

    private static Skeleton MoreGeneral(Skeleton a, Skeleton b)
    {
        var difference = a.Literals - b.Literals;
        if (difference != 0)
        {
            return difference < 0 ? a : b;
        }

        return a.IsTemplate != b.IsTemplate ? (a.IsTemplate ? a : b) : (a.Id <= b.Id ? a : b);
    }
}
