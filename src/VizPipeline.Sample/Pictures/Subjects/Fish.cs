using SkiaSharp;

namespace VizPipeline.Sample.Pictures.Subjects;

/// <summary>A fish from the side.</summary>
internal static class Fish
{
    public static void Draw(Brush brush)
    {
        var dice = brush.Dice;
        var color = brush.Palette.Main;
        var fin = dice.Chance(0.5f) ? Palette.Darker(color, 0.25f) : brush.Palette.Third;
        var tall = dice.Between(0.36f, 0.58f);
        brush.Canvas.Scale(dice.Pick(-1, 1), 1);

        using var tail = Outline.Polygon(new(-0.4f, 0), new(-1, -tall * 0.95f), new(-0.8f, 0), new(-1, tall * 0.95f));
        brush.Body(tail, fin);
        using var dorsal = Outline.Polygon(new(-0.35f, -tall * 0.6f), new(-0.2f, -tall * 1.45f), new(0.4f, -tall * 0.75f));
        brush.Body(dorsal, fin);

        using var body = Outline.Draw(path =>
        {
            path.MoveTo(0.95f, 0);
            path.CubicTo(0.6f, -tall * 1.4f, -0.25f, -tall * 1.25f, -0.62f, 0);
            path.CubicTo(-0.25f, tall * 1.25f, 0.6f, tall * 1.4f, 0.95f, 0);
            path.Close();
        });
        brush.Body(body, color, decorated: 0.4f);

        brush.Arc(0.32f, 0, tall * 0.7f, 110, 140, Palette.Darker(color, 0.45f), 0.05f);
        using var flipper = Outline.Polygon(new(0.15f, tall * 0.15f), new(-0.25f, tall * 0.25f), new(-0.1f, tall * 0.65f));
        brush.Body(flipper, fin);
        brush.Disc(0.58f, -tall * 0.28f, 0.12f, SKColors.White);
        brush.Disc(0.61f, -tall * 0.28f, 0.07f, SKColors.Black);
    }
}
