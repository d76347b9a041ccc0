namespace Culprit.Engine.Patterns;

/// <content>What a first sight teaches: cardinality evidence, never similarity, turns a word into a variable.</content>
internal sealed partial class PatternMiner
{
    private const int MaxCandidates = 24;

    private void Learn(Skeleton first)
    {
        var work = new Queue<Skeleton>();
        work.Enqueue(first);
        while (work.TryDequeue(out var skeleton))
        {
            // The skeleton may be the answer to an open question of others.
            if (_holes.Find(skeleton.Id) is { } asked)
            {
                _holes.Remove(skeleton.Id);
                foreach (var member in asked.Members)
                {
                    Cover(member, skeleton, asked.By);
                }
            }

            if (!JoinTemplates(skeleton))
            {
                Ask(skeleton, work);
            }
        }
    }

    private bool JoinTemplates(Skeleton skeleton)
    {
        var joined = false;
        foreach (var by in Candidates(skeleton))
        {
            if (_skeletons.Find(by.KeyOf(skeleton)) is { } template && template != skeleton)
            {
                Cover(skeleton, template, by);
                joined = true;
            }
        }

        return joined;
    }

    private void Ask(Skeleton skeleton, Queue<Skeleton> work)
    {
        foreach (var by in Candidates(skeleton))
        {
            var place = System.Numerics.BitOperations.TrailingZeroCount(by.Places);
            ref readonly var piece = ref skeleton.Pieces[place];
            var key = by.KeyOf(skeleton);
            var hole = _holes.GetOrAdd(key);
            hole.Add(piece.Hash, skeleton, by);
            var enough = piece.Kind == TokenKind.Numbered ? _options.DistinctNumberedWords : _options.DistinctWords;
            if (hole.Count < enough)
            {
                continue;
            }

            _holes.Remove(key);
            var template = by.Apply(skeleton);
            Insert(template);
            foreach (var member in hole.Members)
            {
                Cover(member, template, by);
            }

            work.Enqueue(template);
        }
    }

    private IEnumerable<Generalisation> Candidates(Skeleton skeleton)
    {
        var literals = skeleton.Literals;
        var count = 0;
        for (var i = 0; i < skeleton.Pieces.Length && i < Generalisation.MaxPlaces && count < MaxCandidates; i++)
        {
            var kind = skeleton.Pieces[i].Kind;
            if (kind is TokenKind.Literal or TokenKind.Numbered
                && literals - (kind == TokenKind.Literal ? 1 : 0) >= _options.MinLiterals)
            {
                count++;
                yield return new Generalisation(1UL << i, false);
            }
        }
    }

    // The skeleton is a case of the template: one pattern from now on.
    private void Cover(Skeleton skeleton, Skeleton template, Generalisation by)
    {
        template.IsTemplate = true;
        template.Touched = true;
        if (template.MergeSlots(by.Apply(skeleton)))
        {
            TellCover(template);
        }

        if (skeleton.Cover is null || template.Literals < skeleton.Cover.Literals)
        {
            skeleton.Cover = template;
            skeleton.CoverBy = by;
        }

        Unite(skeleton, template);
    }

    private void Unite(Skeleton skeleton, Skeleton template)
    {
        var a = skeleton.Root;
        var b = template.Root;
        var before = (A: a.PatternId, B: b.PatternId);
        if (a != b)
        {
            var (root, child) = a.Members > b.Members ? (a, b) : (b, a);
            child.AttachTo(root);
            root.Members += child.Members;
            root.Display = MoreGeneral(a.Display, b.Display);
            a = root;
        }

        // The smallest id of a template, whatever order they came in; members do not count, since a cap may hide them.
        var id = template.Id;
        if (before.B != id && IsTemplateId(before.B))
        {
            id = Math.Min(id, before.B);
        }

        if (IsTemplateId(before.A))
        {
            id = Math.Min(id, before.A);
        }

        a.PatternId = id;
        a.Display = MoreGeneral(a.Display, template);
        Announce(before.A, id);
        if (before.B != before.A)
        {
            Announce(before.B, id);
        }

        if (skeleton.Id != before.A && skeleton.Id != before.B)
        {
            Announce(skeleton.Id, id);
        }
    }

    private bool IsTemplateId(ulong id) => _skeletons.Find(id) is { IsTemplate: true };

    private void Announce(ulong old, ulong current)
    {
        if (old != current)
        {
            _newAliases.Add(new(new(old), new(current)));
        }
    }

    private static Skeleton MoreGeneral(Skeleton a, Skeleton b)
    {
        var difference = a.Literals - b.Literals;
        return difference < 0 || (difference == 0 && a.IsTemplate && (!b.IsTemplate || a.Id <= b.Id)) ? a : b;
    }
}
