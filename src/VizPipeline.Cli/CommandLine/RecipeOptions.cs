using VizPipeline.Jobs;
using VizPipeline.Methods.GradientAscent;
using VizPipeline.Worker.Jobs;

namespace VizPipeline.Cli.CommandLine;

/// <summary>Finds ascent recipes by name or file, for all commands.</summary>
internal static class RecipeOptions
{
    /// <summary>The values of recipe options, for help and errors.</summary>
    public static string Choices { get; } =
        $"{string.Join(", ", AscentPresets.Names.Where(name => !PresetNames.IsNumber(name)))}, 1 (high-frequency), 2 (sparse), "
        + "3 (low-frequency), 4 (medium), or a JSON file (see `viz recipes`)";

    /// <summary>Finds a recipe and returns it with its name in an atlas.</summary>
    /// <param name="option">The name of the option, for errors.</param>
    /// <param name="text">A number, a name or a file.</param>
    /// <exception cref="UsageException">There is no recipe or file with that name.</exception>
    /// <exception cref="RecipeException">The file does not contain a valid recipe.</exception>
    public static (string Name, AscentRecipe Recipe, bool IsFile) Find(string option, string text)
    {
        if (AscentPresets.Find(text) is { } known)
            return (text, known, false);
        if (!File.Exists(text))
            throw new UsageException($"{option} '{text}' is unknown; use {Choices}");
        var name = CreateName(text);
        return AscentPresets.Find(name) is null
            ? (name, RecipeJson.Read(text), true)
            : throw new UsageException($"{option} '{text}' would have the name of the built-in recipe {name}; rename the file");
    }

    /// <summary>Creates an objective from its name.</summary>
    public static AscentObjective CreateObjective(string name) => AscendNeuronsHandler.ObjectiveOf(name);

    // Converts the file name to a slug that starts with a letter.
    private static string CreateName(string file)
    {
        var slug = Embedded.AtlasSpecs.Slug(Path.GetFileNameWithoutExtension(file));
        var name = slug.Length > 40 ? slug[..40].TrimEnd('-') : slug;
        return PresetNames.IsName(name) && !PresetNames.IsNumber(name) ? name : $"recipe-{name[..Math.Min(name.Length, 33)].TrimEnd('-')}";
    }
}
