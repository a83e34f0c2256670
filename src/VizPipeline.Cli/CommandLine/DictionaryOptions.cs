using System.CommandLine;
using System.Globalization;
using VizPipeline.Cli.Dictionaries;
using VizPipeline.Jobs;
using VizPipeline.Methods.Dictionaries;
using VizPipeline.Network.Dictionaries;
using VizPipeline.Network.Graph;
using VizPipeline.ObjectStore;

namespace VizPipeline.Cli.CommandLine;

/// <summary>A dictionary that a user has given to a layer.</summary>
/// <param name="Spec">What the atlas records of it.</param>
/// <param name="Dictionary">Its content.</param>
internal sealed record ChosenDictionary(DictionarySpec Spec, FeatureDictionary Dictionary)
{
    /// <summary>Lets <paramref name="use"/> read the file of the dictionary, which is deleted afterwards.</summary>
    public async Task<T> UseFileAsync<T>(Func<string, Task<T>> use)
    {
        var folder = Directory.CreateTempSubdirectory("viz-dictionary-").FullName;
        try
        {
            var file = Path.Combine(folder, $"{Spec.Sha256}.safetensors");
            DictionaryFile.Write(file, Dictionary);
            return await use(file);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Stores the file among the atlas's objects, unless it is there.</summary>
    public async Task StoreAsync(IObjectStore store, string atlasId, CancellationToken cancellation)
    {
        var key = AtlasKeys.Dictionary(atlasId, Spec.Sha256);
        if (await store.ExistsAsync(key, cancellation))
            return;
        await UseFileAsync(async file =>
        {
            await store.PutFileAsync(key, file, cancellation);
            return key;
        });
    }
}

/// <summary>The options that give dictionaries and directions to layers.</summary>
internal sealed class DictionaryOptions
{
    private readonly Option<string[]> _dictionaries = new("--dictionary")
    {
        Description =
            "LAYER=FILE: features of a dictionary on a layer, such as a sparse autoencoder (SAELens, saev, Overcomplete or plain "
            + "safetensors); they become the layer LAYER@NAME. What the file does not say follows: FILE,k=32 or ,threshold=0.1 or "
            + ",activation=relu; ,name=NAME. pca:64 instead of FILE computes principal components. May be repeated",
    };
    private readonly Option<string[]> _directions = new("--directions")
    {
        Description =
            "LAYER=FILE: directions in a layer, such as concept vectors or a probe, one per row of a .npy or .safetensors file; they "
            + "become the layer LAYER@NAME. May be repeated",
    };

    // Enough for stable components of any layer, and few enough to take minutes over a large image set.
    private const int Places = 400_000;

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(_dictionaries);
        command.Options.Add(_directions);
    }

    /// <summary>Reads or computes the dictionaries and gives them to the network.</summary>
    /// <param name="parsed">The parsed command line.</param>
    /// <param name="graph">The network.</param>
    /// <param name="createPass">Prepares a pass over the images, for principal components.</param>
    /// <param name="cancellation">Cancels computing.</param>
    /// <exception cref="UsageException">An option is not valid.</exception>
    public (NetworkGraph Graph, IReadOnlyList<ChosenDictionary> Chosen) Attach(
        ParseResult parsed, NetworkGraph graph, Func<ActivationPass> createPass, CancellationToken cancellation)
    {
        var (plain, pass) = (graph, new Lazy<ActivationPass>(createPass));
        var chosen = new List<ChosenDictionary>();
        foreach (var (option, text) in (parsed.GetValue(_dictionaries) ?? []).Select(text => ("--dictionary", text))
            .Concat((parsed.GetValue(_directions) ?? []).Select(text => ("--directions", text))))
        {
            var asked = DictionaryChoice.Parse(option, text);
            var read = graph.Layer(asked.Layer);
            if (asked.Components is null && !File.Exists(asked.File) && !Directory.Exists(asked.File))
                throw new UsageException($"{option} '{text}': there is no file '{asked.File}'");
            if (asked.Components > read.Neurons)
                throw new UsageException($"{option} '{text}': layer '{read.Name}' has {read.Neurons} channels, and no more components");
            var dictionary = asked.Components is { } count
                ? PrincipalComponents.Fit(
                    pass.Value.CollectAsync(plain.Layer(read.Name), Places, seed: 0, cancellation).GetAwaiter().GetResult(), count)
                : DictionaryFile.Read(asked.File, read.Neurons, asked.Settings);
            graph = Readout.Attach(graph, read.Name, asked.Name, dictionary);
            chosen.Add(new ChosenDictionary(
                new DictionarySpec
                {
                    Layer = read.Name,
                    Name = asked.Name,
                    Sha256 = DictionaryFile.Hash(dictionary),
                    Description = $"{dictionary.Describe()}, {dictionary.Layout}"
                        + (asked.Components is null ? $", {Path.GetFileName(asked.File.TrimEnd('/'))}" : ""),
                },
                dictionary));
        }
        return (graph, chosen);
    }
}

/// <summary>A dictionary as the user names it: LAYER=FILE and what the file does not say.</summary>
/// <param name="Layer">Name of the layer.</param>
/// <param name="File">The file or folder.</param>
/// <param name="Name">Name of the dictionary.</param>
/// <param name="Settings">What the file does not say.</param>
internal sealed record DictionaryChoice(string Layer, string File, string Name, DictionarySettings Settings)
{
    private const int LongestName = 40;
    private const string Computed = "pca:";

    /// <summary>Number of principal components to compute; null for a file.</summary>
    public int? Components { get; private init; }

    /// <summary>Parses the value of an option.</summary>
    /// <exception cref="UsageException">It is not valid.</exception>
    public static DictionaryChoice Parse(string option, string text)
    {
        var sign = text.IndexOf('=', StringComparison.Ordinal);
        if (sign < 1 || sign == text.Length - 1)
            throw new UsageException($"{option} '{text}' is not valid; give LAYER=FILE, e.g. features.10=sae.safetensors");
        var parts = text[(sign + 1)..].Split(',');
        var settings = new DictionarySettings { Activation = option == "--directions" ? DictionaryActivation.None : null };
        var name = "";
        foreach (var part in parts[1..])
        {
            var (key, value) = part.Split('=', 2) is [var left, var right] ? (left, right) : (part, "");
            (name, settings) = key switch
            {
                "name" => (value, settings),
                "k" => (name, settings with { Count = Number(value) }),
                "threshold" => (name, settings with { Threshold = Real(value) }),
                "activation" => (name, settings with { Activation = Activation(value) }),
                "subtract" when value is "b_dec" or "none" => (name, settings with { SubtractsDecoderBias = value == "b_dec" }),
                _ => throw new UsageException(
                    $"{option} '{text}': '{part}' is unknown; known are name=, k=, threshold=, activation=, and subtract=b_dec or none"),
            };
        }
        int? components = parts[0].StartsWith(Computed, StringComparison.Ordinal) ? Number(parts[0][Computed.Length..]) : null;
        name = name.Length > 0 ? name : components is null ? NameOf(parts[0]) : $"pca{components}";
        return name.Length <= LongestName && name.All(sign => char.IsAsciiLetterOrDigit(sign) || sign is '-' or '_' or '.')
            ? new DictionaryChoice(text[..sign], parts[0], name, settings) { Components = components }
            : throw new UsageException(
                $"{option} '{text}': the name '{name}' must be 1 to {LongestName} letters, digits, '-', '_' or '.'; give one with "
                + ",name=sae");

        int Number(string value) => int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number : throw new UsageException($"{option} '{text}': '{value}' is not a number of features");

        float Real(string value) => float.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
            && float.IsFinite(number) ? number : throw new UsageException($"{option} '{text}': '{value}' is not a number");

        DictionaryActivation Activation(string value) => value switch
        {
            "none" => DictionaryActivation.None,
            "relu" => DictionaryActivation.Relu,
            "topk" => DictionaryActivation.TopK,
            "jumprelu" => DictionaryActivation.JumpRelu,
            _ => throw new UsageException($"{option} '{text}': activation '{value}' is unknown; use none, relu, topk or jumprelu"),
        };
    }

    // The file's name without its extension; of the weights in a folder of SAELens, the folder's.
    private static string NameOf(string file)
    {
        var whole = file.TrimEnd('/', Path.DirectorySeparatorChar);
        var stem = Directory.Exists(whole) ? Path.GetFileName(whole) : Path.GetFileNameWithoutExtension(whole);
        if (stem == "sae_weights" && Path.GetFileName(Path.GetDirectoryName(Path.GetFullPath(whole))) is { Length: > 0 } folder)
            stem = folder;
        var name = string.Concat(stem.Select(sign => char.IsAsciiLetterOrDigit(sign) || sign is '-' or '_' or '.' ? sign : '-'));
        return name[..Math.Min(name.Length, LongestName)];
    }
}
