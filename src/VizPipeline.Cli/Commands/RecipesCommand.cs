using System.CommandLine;
using VizPipeline.Cli.CommandLine;
using VizPipeline.Methods.GradientAscent;

namespace VizPipeline.Cli.Commands;

/// <summary><c>viz recipes</c>: lists the built-in ascent recipes, prints one as JSON, or searches for new ones.</summary>
internal static class RecipesCommand
{
    public static Command Create()
    {
        var list = new Command("list", "List the built-in recipes");
        var command = new Command("recipes", "List the recipes of gradient ascent, show one as JSON, or search for new ones")
        {
            list, Show(), RecipeSearchCommand.Create(),
        };
        list.SetAction(_ => List());
        command.SetAction(_ => List());
        return command;
    }

    private static int List()
    {
        foreach (var name in AscentPresets.Names)
        {
            var recipe = AscentPresets.Find(name)!;
            Console.WriteLine(
                $"{name,-13} {recipe.Steps,5} steps  {recipe.Description ?? $"{recipe.Name[2..]} (Yosinski et al. 2015, table 1)"}");
        }
        Console.WriteLine("`viz recipes show NAME > mine.json` writes a recipe to a file; change it and use the file as a recipe.");
        return ExitCode.Done;
    }

    private static Command Show()
    {
        var name = new Argument<string>("recipe") { Description = RecipeOptions.Choices };
        var command = new Command("show", "Print a recipe as JSON") { name };
        command.SetAction(parsed =>
        {
            Console.WriteLine(RecipeJson.Write(RecipeOptions.Find("recipe", parsed.GetRequiredValue(name)).Recipe, indented: true));
            return ExitCode.Done;
        });
        return command;
    }
}
