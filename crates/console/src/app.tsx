import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { reachable, signOut } from './api/client';
import { factorRequired, me, stage } from './api/session';
import { switchLanguage, t } from './i18n';
import { useFeedReader } from './lib/feed';
import { go, link, place } from './lib/route';
import { switchTheme } from './lib/theme';
import { Findings } from './screens/findings';
import { ApiKeys } from './screens/keys';
import { OrderScreen } from './screens/order/screen';
import { Board } from './screens/board/screen';
import { Overview } from './screens/overview/screen';
import { Payments } from './screens/payments';
import { People } from './screens/people';
import { Person } from './screens/person';
import { ImportProducts } from './screens/products/import';
import { ProductScreen } from './screens/products/product';
import { Products } from './screens/products/list';
import { EnrolFirst } from './screens/second-factor';
import { SignIn } from './screens/sign-in';
import { Webhooks } from './screens/webhooks';
import { Icon, type IconName } from './ui/icons';
import { NotFound } from './ui/parts';
import { Shortcuts, useShortcuts } from './ui/shortcuts';
import { Toasts } from './ui/toasts';

type ScreenName = IconName & keyof ReturnType<typeof t>['nav'];

const SCREENS: ScreenName[] = ['overview', 'orders', 'payments', 'findings', 'products', 'people', 'keys', 'webhooks'];

export function App() {
  if (stage.value === 'asking') return <main class="center" aria-busy="true"><p class="lead">{t().signIn.asking}</p></main>;
  if (stage.value === 'out') return <><SignIn /><Toasts /></>;
  return <Shell />;
}

function Shell() {
  const [help, setHelp] = useState(false);
  const [menu, setMenu] = useState(false);
  useShortcuts(() => setHelp(true));
  useFeedReader();
  const here = place.value.parts[0] ?? 'orders';
  const where = place.value.parts.join('/');
  useEffect(() => {
    setMenu(false);
    document.title = `${titleOf(here)} · Idem`;
  }, [where, t().language]);
  return (
    <div class="shell">
      <a class="skip" href="#main" onClick={(event) => { event.preventDefault(); document.getElementById('main')?.focus(); }}>{t().nav.skip}</a>
      <aside class={menu ? 'side open' : 'side'}>
        <div class="brand">
          <a href={link('orders')}><img src="/console/assets/icon.svg" alt="" width="24" height="24" /> Idem</a>
          <button type="button" class="icon-button menu-button" aria-label={t().nav.menu} aria-expanded={menu} onClick={() => setMenu(!menu)}><Icon name={menu ? 'close' : 'menu'} /></button>
        </div>
        <nav aria-label={t().nav.main}>
          {SCREENS.map((name) => (
            <a key={name} href={link(name)} aria-current={name === here ? 'page' : undefined}><Icon name={name} />{t().nav[name]}</a>
          ))}
        </nav>
        <div class="side-foot">
          <a class="who" href={link('people', me.value?.id ?? '')}>{me.value?.username}</a>
          <div class="row">
            <button type="button" class="icon-button" aria-label={t().nav.shortcuts} title={t().nav.shortcuts} onClick={() => setHelp(true)}><Icon name="keyboard" /></button>
            <button type="button" class="icon-button" aria-label={t().nav.theme} title={t().nav.theme} onClick={switchTheme}><Icon name="theme" /></button>
            <button type="button" class="icon-button" aria-label={t().nav.language} title={t().nav.language} onClick={switchLanguage}><Icon name="language" /></button>
            <button type="button" class="icon-button" aria-label={t().nav.signOut} title={t().nav.signOut} onClick={() => void signOut()}><Icon name="out" /></button>
          </div>
        </div>
      </aside>
      <main id="main" tabIndex={-1}>
        {!reachable.value && <div class="notice warn offline" role="alert">{t().common.offline}</div>}
        {factorRequired.value ? <EnrolFirst /> : <Screen />}
      </main>
      {help && <Shortcuts onClose={() => setHelp(false)} />}
      <Toasts />
    </div>
  );
}

const titleOf = (screen: string): string => (t().nav as Record<string, string>)[screen] ?? t().nav.orders;

function Screen(): ComponentChildren {
  const [name, id] = place.value.parts;
  useEffect(() => { if (name === undefined) go(link('orders'), true); }, [name]);
  switch (name) {
    case undefined: return null;
    case 'orders': return id === undefined ? <Board /> : <OrderScreen key={id} number={id} />;
    case 'payments': return <Payments />;
    case 'findings': return <Findings />;
    case 'products':
      if (id === undefined) return <Products />;
      // No product has this id: an exclamation mark is not allowed in one.
      return id === '!import' ? <ImportProducts /> : <ProductScreen key={id} id={id} />;
    case 'people': return id === undefined ? <People /> : <Person key={id} id={id} />;
    case 'keys': return <ApiKeys />;
    case 'webhooks': return <Webhooks />;
    case 'overview': return <Overview />;
    default: return <NotFound text={t().errors.notFound} to="orders" />;
  }
}
