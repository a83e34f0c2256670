using SkiaSharp;

namespace VizPipeline.Sample.Pictures.Subjects;

/// <summary>A house with a roof, a door and windows.</summary>
internal static class House
{
    public static void Draw(Brush brush)
    {
        var dice = brush.Dice;
        float half = dice.Between(0.6f, 0.8f), eaves = dice.Between(-0.25f, 0), ridge = dice.Between(-1f, -0.75f);
        var wall = dice.Chance(0.5f) ? Palette.Lighter(brush.Palette.Main, 0.35f) : brush.Palette.Main;
        var roof = dice.Chance(0.5f) ? brush.Palette.Near(12, 65, 55) : brush.Palette.Unlike(wall);

        if (dice.Chance(0.5f))
        {
            var x = half * dice.Pick(-0.5f, 0.45f);
            brush.Box(x - 0.1f, ridge - 0.02f, x + 0.1f, eaves, Palette.Darker(roof, 0.3f));
        }
        using var body = Outline.Box(-half, eaves, half, 0.85f);
        brush.Body(body, wall);
        if (dice.Chance(0.3f))
            Planks(brush, wall, half, eaves);

        var flat = dice.Chance(0.35f) ? dice.Between(0.3f, 0.6f) : 0;
        using var top = Outline.Polygon(
            new(-half - 0.16f, eaves), new(-flat * half, ridge), new(flat * half, ridge), new(half + 0.16f, eaves));
        brush.Body(top, roof);

        var door = half * dice.Pick(-0.45f, 0, 0.45f);
        var wood = dice.Chance(0.5f) ? brush.Palette.Near(25, 60, 40) : brush.Palette.Unlike(wall);
        brush.Box(door - 0.15f, 0.3f, door + 0.15f, 0.85f, wood);
        brush.Disc(door + 0.09f, 0.6f, 0.03f, SKColors.Gold);
        foreach (var x in new[] { -0.55f, 0, 0.55f })
            if (MathF.Abs(x * half - door) > 0.33f)
                Window(brush, x * half, eaves + 0.42f * (0.85f - eaves));
    }

    private static void Planks(Brush brush, SKColor wall, float half, float eaves)
    {
        for (var y = eaves + 0.12f; y < 0.85f; y += 0.12f)
            brush.Line(Palette.Darker(wall, 0.25f), 0.02f, new SKPoint(-half, y), new SKPoint(half, y));
    }

    private static void Window(Brush brush, float x, float y)
    {
        var pane = brush.Dice.Chance(0.6f) ? brush.Palette.Near(205, 40, 85) : brush.Palette.Near(48, 60, 95);
        brush.Box(x - 0.17f, y - 0.17f, x + 0.17f, y + 0.17f, SKColors.White);
        brush.Box(x - 0.13f, y - 0.13f, x + 0.13f, y + 0.13f, pane);
        brush.Line(SKColors.White, 0.04f, new SKPoint(x, y - 0.15f), new SKPoint(x, y + 0.15f));
        brush.Line(SKColors.White, 0.04f, new SKPoint(x - 0.15f, y), new SKPoint(x + 0.15f, y));
    }
}
