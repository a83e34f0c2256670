using System.Text.Json;

namespace VizPipeline.Jobs;

/// <summary>
/// How an existing atlas grows when it is asked for with more images, layers, methods, ascent recipes or seeds: what is there stays, only
/// what is new is computed, and what summarises both is made again. The result is the atlas that would have been built at once.
/// </summary>
public static class AtlasGrowth
{
    private const int MostNamed = 12;

    private static readonly HashSet<string> Growing =
        new(StringComparer.Ordinal) { "layers", "methods", "ascent", "dictionaries", "facets" };

    /// <summary>Joins what an atlas has with what is asked for.</summary>
    /// <param name="stored">The spec of the atlas.</param>
    /// <param name="asked">The other spec. What it leaves out is kept.</param>
    /// <param name="images">The images of both, if they differ; null where they must not.</param>
    /// <returns>The spec of both; null if <see cref="FindConflicts"/> finds any.</returns>
    public static AtlasSpec? TryJoin(AtlasSpec stored, AtlasSpec asked, JoinedImages? images = null)
    {
        ArgumentNullException.ThrowIfNull(asked);
        if (FindConflicts(stored, asked, images).Count > 0)
            return null;
        return Join(stored, asked, LayerChanges.TryJoin(stored, asked)!, JoinAscents(stored, asked)!, images);
    }

    /// <summary>Lists the parts in which a spec would change what an atlas has, e.g. <c>model</c>; empty if both can be joined.</summary>
    public static IReadOnlyList<string> FindConflicts(AtlasSpec stored, AtlasSpec asked, JoinedImages? images = null)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(asked);
        // Without a pass over the images a spec has none.
        var hasImages = stored.NeedsScan() && asked.NeedsScan();
        var conflicts = stored.DifferencesTo(asked).Where(
            part => !Growing.Contains(part) && (part != "images" || (hasImages && images is null))).ToList();
        var (layers, ascent) = (LayerChanges.TryJoin(stored, asked), JoinAscents(stored, asked));
        if (layers is null)
            conflicts.Add("layers");
        conflicts.AddRange(FindOtherDictionaries(stored, asked));
        if (ascent is null)
            conflicts.Add("ascent steps, rates, objective, or a recipe of the same name");
        if (stored.FacetRecipe is { } known && asked.FacetRecipe is { } other && CanonicalJson.Hash(known) != CanonicalJson.Hash(other))
            conflicts.Add("the recipe of the facets' ascents (the first of --ascent-presets, --ascent-steps, --ascent-objective)");
        if (conflicts.Count == 0)
            conflicts.AddRange(FindFaults(stored, Join(stored, asked, layers!, ascent!, images)));
        return conflicts;
    }

    private static IEnumerable<string> FindFaults(AtlasSpec stored, AtlasSpec joined)
    {
        foreach (var fault in joined.Faults())
            yield return fault;
        if (ImageGrowth.FindFault(stored, joined) is { } growth)
            yield return growth;
        // What is made again would be made of what is gone.
        if (stored.Pruned is { } pruned && pruned != AtlasMethods.None && stored.Hash() != joined.Hash())
            yield return $"pictures of it were taken away ({pruned}), so it cannot grow";
    }

    private static AtlasSpec Join(
        AtlasSpec stored, AtlasSpec asked, IReadOnlyList<LayerSpec> layers, AscentSpec ascent, JoinedImages? images)
    {
        var joined = asked with
        {
            Layers = layers,
            Network = JoinNetworks(stored, asked),
            Dictionaries = JoinDictionaries(stored, asked),
            NextLayer = stored.NextLayer is null ? null : Math.Max(stored.NextLayer.Value, layers[^1].Index + 1),
            Methods = stored.Methods | asked.Methods,
            Ascent = ascent,
            FacetRecipe = stored.FacetRecipe ?? asked.FacetRecipe,
            Images = asked.NeedsScan() ? asked.Images : stored.Images,
            OutputNames = asked.OutputNames.Count > 0 ? asked.OutputNames : stored.OutputNames,
            NeuronsPerJob = stored.NeuronsPerJob,
            Pruned = stored.Pruned,
        };
        // Without a pass over the images nothing was done with any, so those that are asked for are the first ones.
        return stored.NeedsScan() ? ImageGrowth.Join(stored, joined, images) : joined with { ShardImages = stored.ShardImages };
    }

    private static IEnumerable<string> FindOtherDictionaries(AtlasSpec stored, AtlasSpec asked)
        => from one in stored.Dictionaries ?? []
           join other in asked.Dictionaries ?? [] on one.LayerName equals other.LayerName
           where one.Sha256 != other.Sha256
           select $"dictionary {one.LayerName}, which has the name of another: leave it out to keep that one, or add ,name=";

    private static IReadOnlyList<DictionarySpec>? JoinDictionaries(AtlasSpec stored, AtlasSpec asked)
        => stored.Dictionaries is null ? asked.Dictionaries
            : [.. stored.Dictionaries.UnionBy(asked.Dictionaries ?? [], dictionary => dictionary.LayerName)];

    // Whoever asks need not name the dictionaries that the atlas has, so their layers may be missing from the asked network.
    internal static IReadOnlyList<NetworkLayer>? JoinNetworks(AtlasSpec stored, AtlasSpec asked)
    {
        if (asked.Network is null)
            return stored.Network;
        var layers = asked.Network.ToList();
        foreach (var dictionary in (stored.Dictionaries ?? []).OrderBy(dictionary => dictionary.LayerName, StringComparer.Ordinal))
        {
            if (layers.Exists(layer => layer.Name == dictionary.LayerName))
                continue;
            var source = layers.FindIndex(layer => layer.Name == dictionary.Layer);
            var others = (stored.Dictionaries ?? []).Concat(asked.Dictionaries ?? []).Where(other => other.Layer == dictionary.Layer)
                .Select(other => other.LayerName).ToHashSet();
            var after = layers.FindIndex(
                layer => others.Contains(layer.Name) && string.CompareOrdinal(layer.Name, dictionary.LayerName) > 0);
            var before = layers.FindLastIndex(layer => others.Contains(layer.Name));
            var place = after >= 0 ? after : before >= 0 ? before + 1 : Math.Min(source + 1, layers.Count - 1);
            layers = [.. layers.Select(layer => layer with
            {
                Inputs = [.. layer.Inputs.Select(input => input >= place ? input + 1 : input)],
            })];
            layers.Insert(place, new NetworkLayer(dictionary.LayerName, [source >= place ? source + 1 : source]));
        }
        return layers;
    }

    /// <summary>Lists what a joined spec has and the stored one has not, in words; empty if nothing is new.</summary>
    public static IReadOnlyList<string> Describe(AtlasSpec stored, AtlasSpec joined)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(joined);
        var added = new List<string>();
        if (stored.NeedsScan() && joined.Images.Count > stored.Images.Count)
            added.Add(ImageGrowth.Describe(stored, joined));
        var known = stored.Layers.Select(layer => layer.Name).ToHashSet();
        if (joined.LayersInOrder().Select(layer => layer.Name).Where(name => !known.Contains(name)).ToList() is { Count: > 0 } layers)
            added.Add(layers.Count > MostNamed ? $"{layers.Count} layers" : $"{(layers.Count == 1 ? "layer" : "layers")} "
                + string.Join(", ", layers));
        foreach (var method in Enum.GetValues<AtlasMethods>().Where(method => int.IsPow2((int)method)))
        {
            if (joined.Methods.HasFlag(method) && !stored.Methods.HasFlag(method))
                added.Add(method.ToString().ToLowerInvariant());
        }
        if (!stored.Methods.HasFlag(AtlasMethods.Ascent))
            return added;
        if (joined.Ascent.Presets.Except(stored.Ascent.Presets).ToList() is { Count: > 0 } presets)
            added.Add($"ascent {(presets.Count == 1 ? "recipe" : "recipes")} {string.Join(", ", presets)}");
        if (joined.Ascent.Seeds.Except(stored.Ascent.Seeds).ToList() is { Count: > 0 } seeds)
            added.Add($"ascent {(seeds.Count == 1 ? "seed" : "seeds")} {string.Join(", ", seeds)}");
        return added;
    }

    /// <summary>Plans the growth.</summary>
    /// <param name="stored">The spec of the atlas.</param>
    /// <param name="joined">The spec that it shall have.</param>
    /// <param name="lastJob">The largest number of its jobs.</param>
    public static GrowthPlan Plan(AtlasSpec stored, AtlasSpec joined, long lastJob)
    {
        ArgumentNullException.ThrowIfNull(stored);
        ArgumentNullException.ThrowIfNull(joined);
        var (before, plan) = (JobPlan.For(stored), JobPlan.For(joined));
        var commands = before.ToDictionary(job => KeyOf(stored, job), job => job.Command, StringComparer.Ordinal);
        var groups = before.Select(job => job.Group).ToHashSet();
        var added = new List<PlannedJob>();
        foreach (var job in plan.Where(job => !commands.ContainsKey(KeyOf(joined, job))))
        {
            var id = ++lastJob;
            added.Add(job with { Id = id, Command = job.Command with { JobId = id } });
        }
        var changed = (joined.Methods & ~stored.Methods) is var methods && methods == AtlasMethods.None
            ? [] : JobKinds.All.Where(row => (row.ChangedBy & methods) != 0).Select(row => row.Kind).ToHashSet();
        var hasLayers = joined.Layers.Count > stored.Layers.Count;
        var renewed = plan.Where(job => commands.TryGetValue(KeyOf(joined, job), out var command)
                && job.Command is IImagesCommand now && now.Images != ((IImagesCommand)command).Images)
            .ToDictionary(job => KeyOf(joined, job), job => job.Command, StringComparer.Ordinal);
        var newLayers = joined.Layers.Where(layer => stored.FindLayer(layer.Index) is null).Select(layer => layer.Index).ToHashSet();
        // Parts of new images leave those of the others as they are.
        var (touched, redone) = (added.Select(job => job.Group).Where(
            group => group.Kind != JobKind.Gather || newLayers.Contains(group.Layer!.Value)).ToHashSet(), new HashSet<JobGroup>());
        // The kinds are in the order of their stages, so what a group depends on comes before it.
        foreach (var group in plan.Select(job => job.Group).Distinct().OrderBy(group => group.Kind))
        {
            if (changed.Contains(group.Kind)
                || JobStages.GetDependencies(joined, group).Any(needed => IsTouched(needed.Group, group.Layer)))
                touched.Add(group);
            // Who only reads about the new layers makes the same pictures again, so nobody else has to.
            else if (!hasLayers || !JobKinds.Get(group.Kind).ReadsOtherLayers)
                continue;
            if (groups.Contains(group))
                redone.Add(group);
        }
        return new GrowthPlan(added, redone, renewed);

        // A pass over the images is about some layers, and has one group with those for the others.
        bool IsTouched(JobGroup needed, int? layer) => needed.Layer is null && layer is { } index
            ? newLayers.Contains(index) : touched.Contains(needed);
    }

    // Null if a setting differs that the pictures of both share.
    private static AscentSpec? JoinAscents(AtlasSpec stored, AtlasSpec asked)
    {
        if (!stored.Methods.HasFlag(AtlasMethods.Ascent))
            return asked.Ascent;
        var (one, other) = (stored.Ascent, asked.Ascent);
        if (!asked.Methods.HasFlag(AtlasMethods.Ascent))
            return one;
        if ((one.Steps, one.Rates, one.Objective) != (other.Steps, other.Rates, other.Objective))
            return null;
        var recipes = new Dictionary<string, JsonElement>(one.Recipes ?? new Dictionary<string, JsonElement>());
        foreach (var (name, recipe) in other.Recipes ?? new Dictionary<string, JsonElement>())
        {
            if (!recipes.TryAdd(name, recipe) && CanonicalJson.Hash(recipes[name]) != CanonicalJson.Hash(recipe))
                return null;
        }
        return one with
        {
            Presets = [.. one.Presets.Union(other.Presets)],
            Seeds = [.. one.Seeds.Union(other.Seeds)],
            Recipes = recipes.Count == 0 ? null : recipes,
        };
    }

    private static string KeyOf(AtlasSpec spec, PlannedJob job) => JobKinds.Get(job.Group.Kind).GetResultKeyOf(spec, job.Command);
}

/// <summary>The jobs with which an atlas grows.</summary>
/// <param name="Added">New jobs, numbered after all others.</param>
/// <param name="Redone">Groups whose existing jobs run again, because they show or contain what is new.</param>
/// <param name="Renewed">
/// The new commands of existing jobs whose results depend on all images, by the keys of their results. They take over what more images
/// don't change, so their results stay until the new ones are there.
/// </param>
public sealed record GrowthPlan(
    IReadOnlyList<PlannedJob> Added, IReadOnlySet<JobGroup> Redone, IReadOnlyDictionary<string, JobCommand> Renewed);
