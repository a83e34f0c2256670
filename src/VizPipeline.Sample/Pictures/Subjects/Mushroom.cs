namespace VizPipeline.Sample.Pictures.Subjects;

/// <summary>A mushroom, often the red one with white spots.</summary>
internal static class Mushroom
{
    public static void Draw(Brush brush)
    {
        var dice = brush.Dice;
        float wide = dice.Between(0.75f, 1f), tall = dice.Between(0.7f, 0.95f);
        float brim = dice.Between(-0.05f, 0.15f), foot = dice.Between(0.17f, 0.28f);
        var cap = dice.Chance(0.4f) ? brush.Palette.Near(4, 85, 78) : brush.Palette.Main;
        using var stem = Outline.Draw(path =>
        {
            path.MoveTo(-foot * 0.8f, brim - 0.1f);
            path.CubicTo(-foot * 0.7f, 0.5f, -foot * 1.1f, 0.7f, -foot * 1.4f, 0.95f);
            path.LineTo(foot * 1.4f, 0.95f);
            path.CubicTo(foot * 1.1f, 0.7f, foot * 0.7f, 0.5f, foot * 0.8f, brim - 0.1f);
            path.Close();
        });
        brush.Body(stem, brush.Palette.Near(40, 18, 88));

        using var hat = Outline.Draw(path =>
        {
            path.MoveTo(-wide, brim);
            path.CubicTo(-wide, brim - tall * 1.3f, wide, brim - tall * 1.3f, wide, brim);
            path.QuadTo(0, brim + dice.Between(0.1f, 0.3f), -wide, brim);
            path.Close();
        });
        brush.Body(hat, cap);
        brush.Canvas.Save();
        brush.Canvas.ClipPath(hat, antialias: true);
        var spot = dice.Chance(0.8f) ? Palette.Lighter(cap, 0.85f) : Palette.Darker(cap, 0.5f);
        foreach (var (x, y) in new[] { (-0.6f, -0.2f), (-0.2f, -0.65f), (0.1f, -0.25f), (0.42f, -0.6f), (0.68f, -0.15f), (-0.25f, -0.02f) })
        {
            var size = dice.Between(0.07f, 0.15f);
            brush.Oval(x * wide + dice.Between(-0.07f, 0.07f), brim + y * tall + dice.Between(-0.06f, 0.06f), size, size * 0.85f, spot);
        }
        brush.Canvas.Restore();
        brush.Round(hat, dice.Between(0.1f, 0.5f));
    }
}
